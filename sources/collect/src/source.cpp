#include "optiinfra/collect/source.hpp"

namespace optiinfra {

Result<CollectedRows> ScrapeSource::collect(Clock::time_point until) {
  ScrapedRows rows = scraper_.collect(until);
  return CollectedRows{std::move(rows.resources), std::move(rows.servings)};
}

}  // namespace optiinfra
