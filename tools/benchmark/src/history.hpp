/// Fills a store with past rows, and gives a key to ask about.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"
#include "rows.hpp"

namespace optiinfra::benchmark {

/// The first fleet has the rows of BenchmarkOptions::rows; each of the others this many, over all families.
inline constexpr std::uint64_t kHistoryRowsEach = 25'000;

/// What the questions are about: the busiest service of the first fleet, and an instance of it.
struct Subject {
  Uuid customer_id, service_id;
  std::string instance_id;
  TimeRange days{};    ///< BenchmarkOptions::history_days, whole hours.
  TimeRange ragged{};  ///< The same without some minutes at both ends.
};

std::vector<fleet::FleetOptions> history_fleets(const BenchmarkOptions& options, fleet::RequestIds ids);

Result<Subject> subject_of(const fleet::FleetOptions& first);

/// Inserts the fleets' last days.
Result<void> insert_history(Client& client, const std::vector<fleet::FleetOptions>& fleets, unsigned threads);

}  // namespace optiinfra::benchmark
