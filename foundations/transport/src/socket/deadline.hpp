/// The moment by which a call must have ended.
#pragma once

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

namespace optiinfra::net {

class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Deadline(Clock::time_point at, std::stop_token stop = {}) : at_(at), stop_(std::move(stop)) {}
  static Deadline after(std::chrono::milliseconds timeout, std::stop_token stop = {}) {
    // A budget of years must not overflow the clock.
    return Deadline(Clock::now() + std::min(timeout, std::chrono::milliseconds(std::chrono::hours(24 * 365))),
                    std::move(stop));
  }

  /// The time is over, or the caller has stopped the call.
  bool passed() const { return is_stopped() || Clock::now() >= at_; }
  bool is_stopped() const { return stop_.stop_requested(); }
  Clock::time_point at() const { return at_; }

  /// Time to wait before passed() is asked again: the time left, rounded up and never negative, or less
  /// where the caller may stop the call.
  std::chrono::milliseconds left() const {
    const auto left = std::max(std::chrono::milliseconds{0},
                               std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()));
    return stop_.stop_possible() ? std::min(left, kStopPoll) : left;
  }

  /// The earlier of the two, stopped with the first.
  friend Deadline sooner(const Deadline& a, const Deadline& b) {
    return Deadline(std::min(a.at_, b.at_), a.stop_);
  }

 private:
  static constexpr std::chrono::milliseconds kStopPoll{50};

  Clock::time_point at_;
  std::stop_token stop_;
};

}  // namespace optiinfra::net
