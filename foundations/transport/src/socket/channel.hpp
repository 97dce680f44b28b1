/// Sends bytes to one peer and receives bytes from it; only wait() blocks. The kinds of channels are a
/// socket, TLS on a socket, and the bytes of a test.
#pragma once

#include <cstddef>
#include <span>

#include "optiinfra/core/error.hpp"
#include "socket/deadline.hpp"

namespace optiinfra::net {

/// Threads: one at a time. Errors: kUnavailable for a connection that broke, without its name: the caller
/// knows it. After an error, or once the peer has ended, the channel is of no more use.
class Channel {
 public:
  virtual ~Channel() = default;

  struct Received {
    std::size_t bytes = 0;
    bool ended = false;  ///< The peer sends no more. Otherwise 0 bytes mean that nothing is there yet.
  };
  virtual Result<Received> try_receive(std::span<std::byte> into) = 0;

  /// Returns how many bytes were taken, 0 when there is no room now. After a 0 the same bytes come first in
  /// the next call.
  virtual Result<std::size_t> try_send(std::span<const std::byte> bytes) = 0;

  enum class For { kReceive, kSend, kBoth };

  /// Waits until what is asked for may go on, or `deadline`: false then. May be early: try again after it.
  virtual Result<bool> wait(For what, Deadline deadline) = 0;
};

}  // namespace optiinfra::net
