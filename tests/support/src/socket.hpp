/// Sockets on loopback, for proxies that tests put between a client and a server.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {

/// A file descriptor, closed when the object goes.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) close(), number_ = std::exchange(other.number_, -1);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }

  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

  /// Closes a socket with RST.
  void reset() noexcept {
    const linger at_once{1, 0};
    if (number_ >= 0) ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  int number_;
};

inline sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket that listens on a free port of 127.0.0.1, and that port.
inline std::pair<Descriptor, std::uint16_t> listen_on_loopback() {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (!listener || ::bind(listener.number(), general, size) != 0 || ::listen(listener.number(), 64) != 0 ||
      ::getsockname(listener.number(), general, &size) != 0) {
    detail::broken_invariant("cannot listen on loopback");
  }
  return {std::move(listener), ntohs(address.sin_port)};
}

/// A connection to 127.0.0.1:`port`, or none.
inline Descriptor connect_to_loopback(std::uint16_t port) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    socket.close();
  return socket;
}

}  // namespace optiinfra::testing
