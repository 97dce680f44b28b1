/// How many requests each caller may send.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace optiinfra::service {

/// Requests per second of each caller, counted by a bucket that holds two seconds' worth: a caller that was
/// quiet may send as many at once. Threads: any.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// 0: as many as it likes.
  explicit RateLimit(std::uint32_t requests_per_second) : per_second_(requests_per_second) {}

  /// Nothing when the caller may send a request now, which is then counted; else how long it has to wait.
  std::optional<std::chrono::seconds> take(const std::string& caller, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double requests = 0;  ///< That it may send.
    Clock::time_point at{};
  };

  const std::uint32_t per_second_;
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;  ///< As many as there were tokens since the start, and one.
};

}  // namespace optiinfra::service
