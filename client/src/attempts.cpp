#include "attempts.hpp"

#include <algorithm>
#include <thread>

namespace optiinfra {

bool may_succeed_elsewhere(const Error& error) {
  return error.kind == ErrorKind::kUnavailable ||
         (error.kind == ErrorKind::kCorrupt && !error.connection_usable);
}

Budget Attempts::budget() const {
  if (attempt_ == 1) return budget_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  return {std::clamp(left, std::chrono::milliseconds{1}, budget_.timeout), budget_.stop};
}

bool Attempts::again(const Error& error) {
  const auto pause = kAttemptPause * (1 << (attempt_ - 1));
  if (attempt_ == kAttemptsMax || Clock::now() + pause >= deadline_ || budget_.stop.stop_requested())
    return false;
  if (log_) {
    log_(LogLevel::kWarning, "attempt " + std::to_string(attempt_) + " of at most " +
                                 std::to_string(kAttemptsMax) + " failed and is repeated: " + error.message);
  }
  ++attempt_;
  std::this_thread::sleep_for(pause);
  return true;
}

}  // namespace optiinfra
