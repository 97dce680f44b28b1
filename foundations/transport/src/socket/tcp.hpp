/// One TCP connection, never blocking but in wait().
#pragma once

#include <memory>

#include "optiinfra/transport/url.hpp"
#include "socket/channel.hpp"

namespace optiinfra::net {

/// A socket of ours: closed when the object goes.
class TcpChannel final : public Channel {
 public:
  /// Takes over a connected socket and makes it non-blocking.
  explicit TcpChannel(int descriptor);
  TcpChannel(const TcpChannel&) = delete;
  TcpChannel& operator=(const TcpChannel&) = delete;
  ~TcpChannel() override;

  Result<Received> try_receive(std::span<std::byte> into) override;
  Result<std::size_t> try_send(std::span<const std::byte> bytes) override;
  Result<bool> wait(For what, Deadline deadline) override;

  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

/// Connects to the first address of `endpoint` that answers; each gets its share of the time. Small packets
/// are sent at once (TCP_NODELAY), and a peer that vanished is noticed in the end (SO_KEEPALIVE).
/// Errors: kUnavailable with the system's reason, kTimeout.
Result<std::unique_ptr<TcpChannel>> connect_tcp(const Endpoint& endpoint, Deadline deadline);

}  // namespace optiinfra::net
