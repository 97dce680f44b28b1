/// Attributes the hours that have ended, as long as the service runs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "statistics.hpp"

namespace optiinfra::service {

/// The first look at the last kFirstLook comes `first_after` the start; then one at the last day kSettled
/// after each hour's end. So late rows of a day lead to a new version within an hour, and older ones when the
/// service is started again or `optiinfra attribute` is run. A store that is away or full is asked again the
/// next time. Threads: has one of its own, which ends with it: within the call of the store that runs.
class ClosedHours {
 public:
  static constexpr std::chrono::days kFirstLook{14};
  /// How long an hour's rows are waited for after its end.
  static constexpr std::chrono::minutes kSettled{5};

  ClosedHours(Client& client, Statistics& statistics, std::chrono::milliseconds first_after,
              const LogSink& log);
  ~ClosedHours();
  ClosedHours(const ClosedHours&) = delete;
  ClosedHours& operator=(const ClosedHours&) = delete;

 private:
  void run(const std::stop_token& stop, std::chrono::milliseconds first_after);
  void attribute_last(std::chrono::hours length, const std::stop_token& stop);

  Client& client_;
  Statistics& statistics_;
  const LogSink& log_;  ///< Told of a look that fails after one that succeeded.
  bool is_failing_ = false;
  std::mutex mutex_;
  std::condition_variable_any waiting_;
  std::jthread thread_;
};

}  // namespace optiinfra::service
