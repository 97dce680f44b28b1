/// When a call is tried again, on another session.
#pragma once

#include <chrono>
#include <stop_token>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/log.hpp"

namespace optiinfra {

/// What one call may take.
struct Budget {
  std::chrono::milliseconds timeout{0};
  std::stop_token stop = {};
};

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

  Attempts(Budget budget, Clock::time_point deadline, const LogSink& log)
      : budget_(std::move(budget)), deadline_(deadline), log_(log) {}
  Attempts(const Budget& budget, const LogSink& log) : Attempts(budget, Clock::now() + budget.timeout, log) {}

  /// The budget of the present attempt: the whole timeout for the first, what is left for those after it.
  Budget budget() const;

  /// After a failure: tells the log, pauses, and true; or false at once when no attempt or no time is left,
  /// or the caller stopped the call.
  bool again(const Error& error);

 private:
  Budget budget_;
  Clock::time_point deadline_;
  const LogSink& log_;
  int attempt_ = 1;
};

/// Runs `use(session, budget)`, which only reads, until it succeeds, an attempt is not worth it, or `begun`
/// says that part of the answer was handed over.
template <typename State, typename Use>
auto read_repeatedly(State& state, const Budget& budget, const bool& begun, Use&& use) {
  Attempts attempts(budget, state.options.log);
  while (true) {
    const Budget left = attempts.budget();
    auto result = state.with_session(left, [&](auto& session) { return use(session, left); });
    if (result || begun || !may_succeed_elsewhere(result.error()) || !attempts.again(result.error()))
      return result;
  }
}

}  // namespace optiinfra
