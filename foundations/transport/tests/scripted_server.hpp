/// A server whose every byte the test decides.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "optiinfra/codec/output_buffer.hpp"

namespace optiinfra::testing {

/// One accepted connection. All calls give up after some seconds, so that no script hangs.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}

  void send(std::string_view bytes) const;

  /// What comes until nothing has come for `quiet`, or the client left.
  std::string receive(std::chrono::milliseconds quiet = std::chrono::milliseconds(50)) const;

  /// Waits until the client closes; false when it does not.
  bool wait_for_end() const;

  void reset() const;  ///< Closes so that the client sees ECONNRESET.

 private:
  int descriptor_;
};

/// Listens on a free port of 127.0.0.1 and plays `script` on each connection, one after the other; closes the
/// connection when the script returns.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(const Peer&)> script);
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  std::uint16_t port() const noexcept { return port_; }
  int connections() const noexcept { return connections_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

/// The bytes that `write` puts into a buffer.
std::string bytes_of(const std::function<void(OutputBuffer&)>& write);

}  // namespace optiinfra::testing
