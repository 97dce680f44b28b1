/// When a call is tried again, on another session.
#pragma once

#include <chrono>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Attempts that one step of a call makes at most, and the pause before the second; each next one doubles it.
inline constexpr int kAttemptsMax = 3;
inline constexpr std::chrono::milliseconds kAttemptPause{50};

/// Whether the same call may succeed on another session: the store was out of reach, had no room for it, or
/// its answer was damaged on the way. Says nothing about whether repeating is safe.
bool may_succeed_elsewhere(const Error& error);

/// The attempts of one step, within one budget.
class Attempts {
 public:
  using Clock = std::chrono::steady_clock;

  Attempts(std::chrono::milliseconds timeout, Clock::time_point deadline)
      : timeout_(timeout), deadline_(deadline) {}
  explicit Attempts(std::chrono::milliseconds timeout) : Attempts(timeout, Clock::now() + timeout) {}

  /// The budget of the present attempt: the whole timeout for the first, what is left for those after it.
  std::chrono::milliseconds timeout() const;

  /// After a failure: pauses, and true; or false at once when no attempt or no time is left.
  bool again();

 private:
  std::chrono::milliseconds timeout_;
  Clock::time_point deadline_;
  int attempt_ = 1;
};

/// Runs `use(session, timeout)`, which only reads, until it succeeds, an attempt is not worth it, or `begun`
/// says that part of the answer was handed over.
template <typename State, typename Use>
auto read_repeatedly(State& state, const bool& begun, Use&& use) {
  Attempts attempts(state.options.call_timeout);
  while (true) {
    auto result = state.with_session([&](auto& session) { return use(session, attempts.timeout()); });
    if (result || begun || !may_succeed_elsewhere(result.error()) || !attempts.again()) return result;
  }
}

}  // namespace optiinfra
