#include "optiinfra/collect/source.hpp"

#include <algorithm>
#include <thread>

#include "optiinfra/core/time.hpp"

namespace optiinfra::collect {

Result<CollectedRows> ScrapeSource::collect(Clock::time_point until) {
  scrape::ScrapedRows rows = scraper_.collect(until);
  return CollectedRows{std::move(rows.resources), std::move(rows.servings)};
}

Result<CollectedRows> HostSource::collect(Clock::time_point until) {
  if (!due_) due_ = Clock::now() + interval_;
  std::this_thread::sleep_until(std::min(until, *due_));
  if (Clock::now() < *due_) return CollectedRows{};
  // Samples that were due while nobody asked are left out: they would all tell of now.
  while (*due_ <= Clock::now()) *due_ += interval_;
  OPTIINFRA_TRY(auto rows, sampler_.sample(now()));
  remarks_ = sampler_.warnings();
  return CollectedRows{std::move(rows), {}};
}

}  // namespace optiinfra::collect
