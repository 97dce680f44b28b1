/// Attributes the hours that have ended, as long as the service runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "statistics.hpp"

namespace optiinfra::service {

/// How far back each look goes. Threads: one.
class LookSchedule {
 public:
  using Time = std::chrono::system_clock::time_point;
  static constexpr std::chrono::hours kShortLook{24}, kLongLook{14 * 24};
  static constexpr std::chrono::hours kLongLookEvery{24};

  std::chrono::hours length(Time now) const { return now >= long_look_due_ ? kLongLook : kShortLook; }

  /// A long look that failed is not the next one, too: hours before the one that fails in it go on.
  void looked(std::chrono::hours length, Time now, bool succeeded) {
    if (length == kLongLook)
      long_look_due_ = now + (succeeded ? std::chrono::minutes{kLongLookEvery} : std::chrono::minutes{90});
  }

 private:
  Time long_look_due_{};
};

/// The first look, at the last 14 days, comes `first_after` the start; then one at the last day kSettled
/// after each hour's end, and once a day one at the last 14 days. So late rows of a day lead to a new version
/// within an hour, and a bill that comes later within a day; what is older waits for `optiinfra attribute`. A
/// store that is away or full is asked again the next time. Threads: has one of its own, which ends with it:
/// within the call of the store that runs.
class ClosedHours {
 public:
  /// How long an hour's rows are waited for after its end.
  static constexpr std::chrono::minutes kSettled{5};

  ClosedHours(Client& client, Statistics& statistics, std::chrono::milliseconds first_after,
              const LogSink& log);
  ~ClosedHours();
  ClosedHours(const ClosedHours&) = delete;
  ClosedHours& operator=(const ClosedHours&) = delete;

 private:
  void run(const std::stop_token& stop, std::chrono::milliseconds first_after);
  bool attribute_last(std::chrono::hours length, const std::stop_token& stop);

  Client& client_;
  Statistics& statistics_;
  const LogSink& log_;  ///< Told of a look that fails after one that succeeded.
  bool is_failing_ = false;
  std::mutex mutex_;
  std::condition_variable_any waiting_;
  std::jthread thread_;
};

}  // namespace optiinfra::service
