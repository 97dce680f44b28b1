/// A real ClickHouse server of the engine library, in a process of its own.
#pragma once

#include <memory>
#include <string>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::testing {

/// Listens on a free port of 127.0.0.1; killed when the object goes. Ends the process when it does not start.
class NativeServer {
 public:
  NativeServer() { start(); }

  std::uint16_t port() const noexcept { return port_; }

  /// "clickhouse://127.0.0.1:PORT/optiinfra", with `options` behind its question mark.
  std::string url(const std::string& options = {}) const;

  Result<std::unique_ptr<Transport>> open(const std::string& options = {}) const;

  /// As a crash would, and again on the same port and folder.
  void kill();
  void start();

  void pause() const;  ///< It goes on existing and does nothing.
  void resume() const;

 private:
  TemporaryFolder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Program> program_;
};

}  // namespace optiinfra::testing
