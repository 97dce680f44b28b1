#include "optiinfra/testing/server.hpp"

#include <cstdio>

namespace optiinfra::testing {
namespace {

/// A server is started once and used by a whole test program.
constexpr std::chrono::minutes kLifeMax{30};

}  // namespace

ServerProcess::ServerProcess(std::string program, std::filesystem::path folder,
                             std::vector<std::string> arguments)
    : program_path_(std::move(program)), folder_(std::move(folder)), arguments_(std::move(arguments)) {
  start();
}

bool ServerProcess::start() {
  std::vector<std::string> command{program_path_, "server",
                                   "--path",      folder_,
                                   "--tcp-port",  std::to_string(tcp_port_),
                                   "--http-port", std::to_string(http_port_)};
  if (api_port_ != 0) command.insert(command.end(), {"--api-port", std::to_string(api_port_)});
  // Its log goes to a file, because nobody empties its standard error while a test works with it.
  command.insert(command.end(), {"--log-file", folder_.string() + ".log"});
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  program_.reset();
  program_ =
      std::make_unique<Program>(command, ProgramOptions{.environment = environment_, .timeout = kLifeMax});
  const auto line = program_->wait_for_line("ready ");
  unsigned tcp = 0, http = 0, api = 0;
  const int ports =
      std::sscanf(line.c_str(), "ready tcp=%*[^ :]:%u http=%*[^ :]:%u api=%*[^ :]:%u", &tcp, &http, &api);
  is_ready_ = ports >= 2;
  if (is_ready_) tcp_port_ = static_cast<std::uint16_t>(tcp), http_port_ = static_cast<std::uint16_t>(http);
  if (ports == 3) api_port_ = static_cast<std::uint16_t>(api);
  return is_ready_;
}

bool ServerProcess::start(std::vector<std::string> arguments) {
  arguments_ = std::move(arguments);
  return start();
}

std::string ServerProcess::failure() {
  if (is_ready_) return {};
  const ProgramResult result = program_->wait();
  return "the server ended with " +
         (result.signal != 0 ? "signal " + std::to_string(result.signal)
                             : "exit code " + std::to_string(result.exit_code)) +
         ": " + result.error_output;
}

std::string ServerProcess::native_url(const std::string& user) const {
  return "clickhouse://" + user + "@127.0.0.1:" + std::to_string(tcp_port_) + "/optiinfra";
}

std::string ServerProcess::http_url(const std::string& user) const {
  return "http://" + user + "@127.0.0.1:" + std::to_string(http_port_) + "/optiinfra";
}

ProgramResult ServerProcess::stop() {
  program_->send_signal(SIGTERM);
  is_ready_ = false;
  return program_->wait();
}

ProgramResult ServerProcess::kill() {
  program_->send_signal(SIGKILL);
  is_ready_ = false;
  return program_->wait();
}

}  // namespace optiinfra::testing
