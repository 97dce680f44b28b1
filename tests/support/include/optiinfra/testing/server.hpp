/// @file optiinfra/testing/server.hpp
/// A real ClickHouse server for a test: the built program with `server`.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/testing/program.hpp"

namespace optiinfra::testing {

/// A server on a folder, on free ports of 127.0.0.1; killed when the object is destroyed. Threads: one at a
/// time.
///
///     const TemporaryFolder folder;
///     ServerProcess server(OPTIINFRA_PROGRAM, folder / "store");
///     ASSERT_TRUE(server.is_ready()) << server.failure();
///     make_connector(server.native_url(), IfAbsent::kFail);
///
/// OPTIINFRA_PROGRAM comes from optiinfra_use_program(<test target>) in CMake.
class ServerProcess {
 public:
  /// Starts `program` and waits until it is ready or ends. `arguments` follow those for folder and
  /// ports: {"--user", "ada", "--password-file", path}.
  ServerProcess(std::string program, std::filesystem::path folder, std::vector<std::string> arguments = {});

  bool is_ready() const noexcept { return is_ready_; }

  /// Why it is not ready: what it wrote to standard error and how it ended.
  std::string failure();

  std::uint16_t tcp_port() const noexcept { return tcp_port_; }
  std::uint16_t http_port() const noexcept { return http_port_; }
  std::uint16_t api_port() const noexcept { return api_port_; }
  int process_id() const noexcept { return program_->process_id(); }

  /// "clickhouse://default@127.0.0.1:40123/optiinfra". `user` may hold a password: "ada:secret".
  std::string native_url(const std::string& user = "default") const;
  /// "http://default@127.0.0.1:40124/optiinfra"
  std::string http_url(const std::string& user = "default") const;

  /// Asks it to stop (SIGTERM) and waits for its end.
  ProgramResult stop();

  /// Kills it (SIGKILL) and waits for its end.
  ProgramResult kill();

  /// Whether it has ended by itself by now.
  bool has_ended() { return program_->has_ended(); }

  void send_signal(int signal) const { program_->send_signal(signal); }
  ProgramResult wait() { return program_->wait(); }

  /// Starts it again after stop() or kill(), on the same folder and the same ports; after a start that failed
  /// as well. False: see failure().
  bool start();

  /// The same with other arguments than before: servers that name each other's ports need the ports first.
  bool start(std::vector<std::string> arguments);

  /// Holds from the next start on. Set in the server's environment: "NAME=value".
  void set_environment(std::vector<std::string> environment) { environment_ = std::move(environment); }

 private:
  std::string program_path_;
  std::filesystem::path folder_;
  std::vector<std::string> arguments_, environment_;
  std::uint16_t tcp_port_ = 0, http_port_ = 0, api_port_ = 0;
  bool is_ready_ = false;
  std::unique_ptr<Program> program_;
};

}  // namespace optiinfra::testing
