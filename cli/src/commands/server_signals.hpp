/// SIGINT, SIGTERM and SIGHUP for a server, which has threads of its own that must not be interrupted.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

namespace optiinfra::cli {

/// While one lives, the first signal requests a stop and the second ends the process at once (130). A
/// stop that takes much longer than `grace` also ends the process (1), so that no stop hangs. `on_first`
/// is called with the first signal, in another thread. Make it before any other thread: threads made
/// later inherit that they are not interrupted.
class ServerSignals {
 public:
  ServerSignals(std::chrono::seconds grace, std::function<void()> on_first);
  ServerSignals(const ServerSignals&) = delete;
  ServerSignals& operator=(const ServerSignals&) = delete;
  ~ServerSignals();

  std::stop_token stop_token() const { return stop_.get_token(); }

  /// Returns when a stop was requested.
  void wait_for_stop() const;

 private:
  void wait();
  void watch();

  std::chrono::seconds stop_time_max_;
  std::stop_source stop_;
  std::function<void()> on_first_;
  std::atomic<bool> is_done_ = false;
  std::thread waiter_;
};

}  // namespace optiinfra::cli
