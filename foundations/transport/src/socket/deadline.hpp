/// The moment by which a call must have ended.
#pragma once

#include <algorithm>
#include <chrono>

namespace optiinfra::net {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(Clock::time_point at) : at_(at) {}
  static Deadline after(std::chrono::milliseconds timeout) {
    // A budget of years must not overflow the clock.
    return Deadline(Clock::now() +
                    std::min(timeout, std::chrono::milliseconds(std::chrono::hours(24 * 365))));
  }

  bool passed() const { return Clock::now() >= at_; }
  Clock::time_point at() const { return at_; }

  /// Time left, rounded up, never negative.
  std::chrono::milliseconds left() const {
    return std::max(std::chrono::milliseconds{0},
                    std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()));
  }

  friend Deadline sooner(Deadline a, Deadline b) { return Deadline(std::min(a.at_, b.at_)); }

 private:
  Clock::time_point at_;
};

}  // namespace optiinfra::net
