#include "attempts.hpp"

#include <algorithm>
#include <thread>

namespace optiinfra {

bool may_succeed_elsewhere(const Error& error) {
  return error.kind == ErrorKind::kUnavailable ||
         (error.kind == ErrorKind::kCorrupt && !error.connection_usable);
}

std::chrono::milliseconds Attempts::timeout() const {
  if (attempt_ == 1) return timeout_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  return std::clamp(left, std::chrono::milliseconds{1}, timeout_);
}

bool Attempts::again() {
  const auto pause = kAttemptPause * (1 << (attempt_ - 1));
  if (attempt_ == kAttemptsMax || Clock::now() + pause >= deadline_) return false;
  ++attempt_;
  std::this_thread::sleep_for(pause);
  return true;
}

}  // namespace optiinfra
