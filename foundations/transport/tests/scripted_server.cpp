#include "scripted_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace optiinfra::testing {
namespace {

constexpr int kPatienceMs = 5'000;

bool is_ready(int descriptor, short events, int timeout_ms) {
  pollfd poll{descriptor, events, 0};
  return ::poll(&poll, 1, timeout_ms) > 0;
}

}  // namespace

void Peer::send(std::string_view bytes) const {
  while (!bytes.empty() && is_ready(descriptor_, POLLOUT, kPatienceMs)) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::string Peer::receive(std::chrono::milliseconds quiet) const {
  std::string received;
  std::array<char, 65536> buffer;
  int timeout_ms = kPatienceMs;
  while (is_ready(descriptor_, POLLIN, timeout_ms)) {
    const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    received.append(buffer.data(), static_cast<std::size_t>(got));
    timeout_ms = static_cast<int>(quiet.count());
  }
  return received;
}

bool Peer::wait_for_end() const {
  std::array<char, 65536> buffer;
  while (is_ready(descriptor_, POLLIN, kPatienceMs))
    if (::recv(descriptor_, buffer.data(), buffer.size(), 0) <= 0) return true;
  return false;
}

void Peer::reset() const {
  const linger now{1, 0};
  (void)::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

ScriptedServer::ScriptedServer(std::function<void(const Peer&)> script) {
  listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("a test server cannot listen");
    std::abort();
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, play = std::move(script)] {
    while (true) {
      const int accepted = ::accept(listener_, nullptr, nullptr);
      if (accepted < 0) return;
      ++connections_;
      play(Peer(accepted));
      ::close(accepted);
    }
  });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string bytes_of(const std::function<void(OutputBuffer&)>& write) {
  std::string bytes;
  OutputBuffer output([&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  });
  write(output);
  (void)output.flush().has_value();
  return bytes;
}

}  // namespace optiinfra::testing
