/// SIGINT and SIGTERM for commands that work in a loop.
#pragma once

#include <chrono>

namespace optiinfra::cli {

/// While one lives, the first SIGINT or SIGTERM asks the loop to stop and a second one ends the
/// process at once. Without one, signals act as usual. One at a time in a process.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Threads: any.
  static bool is_requested() noexcept;

  /// Sleeps until `time` or until a signal asks to stop, whichever comes first.
  static void sleep_until(std::chrono::steady_clock::time_point time);
};

/// Thrown out of a progress callback, after a block has been stored, to stop the call that made it.
struct Interrupted {};

}  // namespace optiinfra::cli
