#include "native_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace optiinfra::testing {
namespace {

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)::bind(descriptor, reinterpret_cast<sockaddr*>(&address), size);
  (void)::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(descriptor);
  return ntohs(address.sin_port);
}

}  // namespace

std::string NativeServer::url(const std::string& options) const {
  return "clickhouse://127.0.0.1:" + std::to_string(port_) + "/optiinfra" +
         (options.empty() ? "" : "?" + options);
}

Result<std::unique_ptr<Transport>> NativeServer::open(const std::string& options) const {
  OPTIINFRA_TRY(const auto connector, make_connector(url(options), IfAbsent::kFail));
  return connector->connect();
}

void NativeServer::kill() {
  program_->send_signal(SIGKILL);
  (void)program_->wait();
}

void NativeServer::pause() const { program_->send_signal(SIGSTOP); }
void NativeServer::resume() const { program_->send_signal(SIGCONT); }

void NativeServer::start() {
  const bool again = port_ != 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    // Another process may take a port between the choice and its use: then the next one is tried.
    if (!again && attempt % 100 == 0) port_ = free_port();
    if (!program_ || attempt % 100 == 0)
      program_ = std::make_unique<Program>(std::vector<std::string>{
          OPTIINFRA_TRANSPORT_CHILD, "serve", (folder_ / "engine").string(), std::to_string(port_)});
    if (open()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  std::cerr << "the server did not start: " << program_->wait().error_output << "\n";
  std::abort();
}

}  // namespace optiinfra::testing
