#include "history.hpp"

#include "parallel.hpp"

namespace optiinfra::benchmark {

std::vector<fleet::FleetOptions> history_fleets(const BenchmarkOptions& options, fleet::RequestIds ids) {
  std::vector<fleet::FleetOptions> fleets;
  for (unsigned index = 0; index < options.fleets; ++index)
    fleets.push_back({.seed = options.seed + index,
                      .days = options.history_days,
                      .rows = index == 0 ? options.rows : kHistoryRowsEach,
                      .end = floor_hour(now()),
                      .request_ids = ids});
  return fleets;
}

Result<Subject> subject_of(const fleet::FleetOptions& first) {
  OPTIINFRA_TRY(const fleet::Fleet fleet, fleet::Fleet::create(first));
  const fleet::FleetDescription& all = fleet.description();
  const fleet::FleetInstance& instance = all.instances.front();
  const fleet::FleetService& service = all.services[instance.service];
  const TimeRange days = all.range;
  return Subject{all.customers[service.customer].id,
                 service.id,
                 instance.id,
                 days,
                 {days.begin + std::chrono::seconds{1'234}, days.end - std::chrono::seconds{777}}};
}

Result<void> insert_history(Client& client, const std::vector<fleet::FleetOptions>& fleets,
                            unsigned threads) {
  // Gathered a few at a time, so that memory is bounded and all threads work.
  std::vector<AnyBatch> waiting;
  const auto insert_waiting = [&]() -> Result<void> {
    auto inserted = in_parallel(threads, waiting.size(),
                                [&](std::size_t index) { return insert(client, waiting[index], {}); });
    waiting.clear();
    return inserted;
  };
  OPTIINFRA_CHECK(
      for_each_batch_of_history(fleets, kInsertRowsMax, [&](const AnyBatch& batch) -> Result<void> {
        waiting.push_back(batch);
        return waiting.size() < threads ? Result<void>{} : insert_waiting();
      }));
  return insert_waiting();
}

}  // namespace optiinfra::benchmark
