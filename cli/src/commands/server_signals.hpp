/// SIGINT, SIGTERM and SIGHUP for a server, which has threads of its own that must not be interrupted.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

namespace optiinfra::cli {

/// While one lives, the first SIGINT or SIGTERM requests a stop and the second ends the process at once
/// (130). A stop that takes much longer than `grace` also ends the process (1), so that no stop hangs.
/// `on_first` is called with the first of these, and `on_reload` with each SIGHUP before it, in another
/// thread. A SIGHUP of a terminal that closes is a stop: who started the server there has gone. Make it
/// before any other thread: threads made later inherit that they are not interrupted.
class ServerSignals {
 public:
  ServerSignals(std::chrono::seconds grace, std::function<void()> on_first, std::function<void()> on_reload);
  ServerSignals(const ServerSignals&) = delete;
  ServerSignals& operator=(const ServerSignals&) = delete;
  ~ServerSignals();

  std::stop_token stop_token() const { return stop_.get_token(); }

  /// Returns when a stop was requested.
  void wait_for_stop() const;

 private:
  void wait();
  void watch();
  bool is_reload(int signal) const;

  std::chrono::seconds stop_time_max_;
  std::stop_source stop_;
  std::function<void()> on_first_, on_reload_;
  const bool had_terminal_;
  std::atomic<bool> is_done_ = false;
  std::thread waiter_;
};

}  // namespace optiinfra::cli
