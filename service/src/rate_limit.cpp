#include "rate_limit.hpp"

#include <algorithm>
#include <cmath>

namespace optiinfra::service {

std::optional<std::chrono::seconds> RateLimit::take(const std::string& caller, Clock::time_point now) {
  if (per_second_ == 0) return std::nullopt;
  const double rate = per_second_, most = 2 * rate;
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = buckets_.try_emplace(caller, Bucket{most, now});
  Bucket& bucket = found->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.requests = std::min(most, bucket.requests + passed.count() * rate);
  bucket.at = now;
  if (bucket.requests >= 1) {
    bucket.requests -= 1;
    return std::nullopt;
  }
  return std::chrono::seconds{static_cast<long>(std::ceil((1 - bucket.requests) / rate))};
}

}  // namespace optiinfra::service
