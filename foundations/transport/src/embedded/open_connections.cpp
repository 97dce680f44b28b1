#include "embedded/open_connections.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace optiinfra::embedded {
namespace {

/// The port of this end; 0 for what is no connected or listening TCP socket.
std::uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

bool is_listening(int socket) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return ::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

/// Calls `visit` with each TCP socket of this process and its port.
template <typename Visit>
void for_each_socket(const Visit& visit) {
  std::error_code code;
  for (std::filesystem::directory_iterator file("/proc/self/fd", code), end; !code && file != end;
       file.increment(code)) {
    const int socket = std::atoi(file->path().filename().c_str());
    if (const std::uint16_t port = local_port(socket); port != 0) visit(socket, port);
  }
}

}  // namespace

void end_connections(std::initializer_list<std::uint16_t> ports) {
  for_each_socket([&](int socket, std::uint16_t port) {
    if (std::find(ports.begin(), ports.end(), port) != ports.end() && !is_listening(socket))
      ::shutdown(socket, SHUT_RDWR);
  });
}

bool listens_on(std::uint16_t wanted) {
  bool listens = false;
  for_each_socket(
      [&](int socket, std::uint16_t port) { listens = listens || (port == wanted && is_listening(socket)); });
  return listens;
}

}  // namespace optiinfra::embedded
