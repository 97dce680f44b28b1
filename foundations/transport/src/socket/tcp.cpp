#include "socket/tcp.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <system_error>

#include "socket/resolve.hpp"

namespace optiinfra::net {
namespace {

Error broken(int code, const char* what) {
  return {ErrorKind::kUnavailable, std::string(what) + ": " + std::generic_category().message(code),
          Applied::kNo, false};
}

bool is_for_later(int code) { return code == EAGAIN || code == EWOULDBLOCK || code == EINTR; }

void set_option(int descriptor, int level, int name, int value) {
  // Without it the connection works too, only slower or noticing less.
  (void)::setsockopt(descriptor, level, name, &value, sizeof value);
}

void set_options(int descriptor) {
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Result<std::unique_ptr<TcpChannel>> connect_to(const Address& address, Deadline deadline) {
  const int descriptor =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return broken(errno, "no socket");
  auto channel = std::make_unique<TcpChannel>(descriptor);
  set_options(descriptor);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0)
    return channel;
  if (errno != EINPROGRESS && errno != EINTR) return broken(errno, "not connected");
  OPTIINFRA_TRY(const bool answered, channel->wait(Channel::For::kSend, deadline));
  if (!answered) return Error{ErrorKind::kTimeout, "not connected: no answer in time", Applied::kNo, false};
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
  if (code != 0) return broken(code, "not connected");
  return channel;
}

}  // namespace

TcpChannel::TcpChannel(int descriptor) : descriptor_(descriptor) {
  const int flags = ::fcntl(descriptor_, F_GETFL);
  if (flags >= 0) (void)::fcntl(descriptor_, F_SETFL, flags | O_NONBLOCK);
}

TcpChannel::~TcpChannel() { ::close(descriptor_); }

Result<Channel::Received> TcpChannel::try_receive(std::span<std::byte> into) {
  const ssize_t got = ::recv(descriptor_, into.data(), into.size(), 0);
  if (got > 0) return Received{static_cast<std::size_t>(got), false};
  if (got == 0) return Received{0, true};
  if (is_for_later(errno)) return Received{};
  return broken(errno, "the connection broke");
}

Result<std::size_t> TcpChannel::try_send(std::span<const std::byte> bytes) {
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (is_for_later(errno)) return std::size_t{0};
  return broken(errno, "the connection broke");
}

Result<bool> TcpChannel::wait(For what, Deadline deadline) {
  pollfd poll{descriptor_, 0, 0};
  if (what != For::kSend) poll.events |= POLLIN;
  if (what != For::kReceive) poll.events |= POLLOUT;
  while (true) {
    const auto left = std::min<std::int64_t>(deadline.left().count(), std::numeric_limits<int>::max());
    const int ready = ::poll(&poll, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 && deadline.passed()) return false;
    if (ready < 0 && errno != EINTR) return broken(errno, "the connection cannot be waited for");
  }
}

Result<std::unique_ptr<TcpChannel>> connect_tcp(const Endpoint& endpoint, Deadline deadline) {
  OPTIINFRA_TRY(const std::vector<Address> addresses, resolve(endpoint, deadline));
  std::size_t left = addresses.size();
  while (true) {
    const auto share = deadline.left() / static_cast<std::int64_t>(left);
    auto channel = connect_to(addresses[addresses.size() - left],
                              left == 1 ? deadline : sooner(deadline, Deadline::after(share)));
    if (channel || --left == 0) return channel;
  }
}

}  // namespace optiinfra::net
