#include "closed_hours.hpp"

#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::service {

using std::chrono::system_clock;

ClosedHours::ClosedHours(Client& client, Statistics& statistics, std::chrono::milliseconds first_after,
                         const LogSink& log)
    : client_(client),
      statistics_(statistics),
      log_(log),
      thread_([this, first_after](const std::stop_token& stop) { run(stop, first_after); }) {}

ClosedHours::~ClosedHours() {
  thread_.request_stop();
  thread_.join();
}

void ClosedHours::run(const std::stop_token& stop, std::chrono::milliseconds first_after) {
  auto next = system_clock::now() + first_after;
  LookSchedule schedule;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      waiting_.wait_until(lock, stop, next, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const std::chrono::hours length = schedule.length(system_clock::now());
    const bool succeeded = attribute_last(length, stop);
    schedule.looked(length, system_clock::now(), succeeded);
    next = std::chrono::floor<std::chrono::hours>(system_clock::now() - kSettled) + std::chrono::hours{1} +
           kSettled;
  }
}

bool ClosedHours::attribute_last(std::chrono::hours length, const std::stop_token& stop) {
  const sys_seconds end = floor_hour(now());
  const auto made = attribution::attribute(client_, {end - length, end},
                                           [&stop](sys_seconds) { return !stop.stop_requested(); });
  if (made) {
    statistics_.count_attribution(made->hours_made);
  } else {
    statistics_.count_attribution_failure();
    if (log_ && !is_failing_)
      log_(LogLevel::kWarning, "hours that have ended are not attributed: " + made.error().message);
  }
  is_failing_ = !made;
  return made.has_value();
}

}  // namespace optiinfra::service
