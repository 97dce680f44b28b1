/// @file optiinfra/testing/fault_proxy.hpp
/// A TCP proxy on loopback that injects one fault into the traffic, at a chosen byte.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace optiinfra::testing {

/// Which of the two streams of a connection.
enum class Way { kToServer, kToClient };

enum class FaultKind {
  kNone,
  kReset,     ///< Both sides are closed with RST; what was not read may be lost.
  kFinish,    ///< Both sides are closed with FIN, in order.
  kTruncate,  ///< The receiver sees the end of the stream and the rest of it is swallowed; the other way goes
              ///< on.
  kStall,     ///< Nothing more passes this way, and nothing is closed.
  kDelay,     ///< What follows waits for `pause`, once.
  kTrickle,   ///< What follows passes in pieces of `piece_bytes`, a `pause` before each.
  kFlip,      ///< One bit of the next byte is inverted.
};

struct Fault {
  FaultKind kind = FaultKind::kNone;
  Way way = Way::kToServer;
  /// Bytes that pass this way before it strikes, over all connections together.
  std::uint64_t at_byte = 0;
  std::chrono::milliseconds pause{0};  ///< Of kDelay and kTrickle.
  std::size_t piece_bytes = 1;         ///< Of kTrickle, at least 1.
  int bit = 0;                         ///< Of kFlip, 0 to 7.
};

struct FaultReport {
  /// The fault struck: its byte was reached (kFlip: was inverted) on a live connection.
  bool fired = false;
  int connections = 0;             ///< Accepted.
  std::uint64_t server_bytes = 0;  ///< That passed to the server.
  std::uint64_t client_bytes = 0;  ///< That passed to the client.
};

/// What becomes of the connections that are open when a fault is armed.
enum class OpenConnections { kDrop, kKeep };

/// Passes connections on to a server at 127.0.0.1, on one thread of its own.
///
/// A fault strikes the connection that carries its byte; every other one, and those made later, pass
/// unchanged. Threads: one at a time. Ends the process when it cannot listen: no test can go on without it.
class FaultProxy {
 public:
  /// The first bytes of each way that recorded() keeps.
  static constexpr std::size_t kRecordedBytesMax = std::size_t{1} << 20;

  /// Listens on a free port of 127.0.0.1; injects nothing until armed.
  explicit FaultProxy(std::uint16_t server_port);
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;
  /// Drops all connections.
  ~FaultProxy();

  std::uint16_t port() const noexcept;

  /// Puts `fault` in the place of the one before and counts from zero.
  void arm(const Fault& fault, OpenConnections open = OpenConnections::kDrop);

  /// Since arm().
  FaultReport report() const;

  /// What passed since arm(), as it was delivered.
  std::string recorded(Way way) const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace optiinfra::testing
