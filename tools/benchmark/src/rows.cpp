#include "rows.hpp"

#include <algorithm>
#include <numeric>

#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::benchmark {
namespace {

/// The part of a fleet's rows that a family has; of cost a fleet has few, whatever is asked.
double share_of(Family family) {
  constexpr std::uint64_t kRows = 10'000'000;
  const auto fleet = fleet::Fleet::create({.days = 1, .rows = kRows, .end = floor_hour(now())});
  return fleet ? static_cast<double>(fleet->rows(family)) / kRows : 0;
}

fleet::FleetOptions day_options(std::uint64_t seed, std::uint64_t rows, fleet::RequestIds ids) {
  return {.seed = seed,
          .days = 1,
          .rows = std::min(rows, std::uint64_t{20'000'000}),
          .end = std::chrono::floor<std::chrono::days>(now()),
          .request_ids = ids};
}

template <typename Row>
Result<void> fill(std::vector<AnyBatch>& batches, fleet::RequestIds ids, std::uint64_t seed,
                  std::uint64_t rows, std::size_t batch_rows) {
  using Batch = Batch<Row>;
  const double share = share_of(MetricTraits<Row>::kFamily);
  if (share <= 0) return invalid_argument("a generated fleet of the contract has no rows of this family");
  Batch gathered, part;
  for (std::uint64_t made = 0; made < rows; ++seed) {
    const auto wanted = static_cast<double>(rows - made) / share;
    OPTIINFRA_TRY(fleet::Fleet fleet,
                  fleet::Fleet::create(day_options(seed, static_cast<std::uint64_t>(wanted) + 1'000, ids)));
    while (made < rows &&
           fleet.next_batch(part, std::min<std::uint64_t>(batch_rows - gathered.size(), rows - made))) {
      made += part.size();
      append_batch<Row>(gathered, part);
      if (gathered.size() == batch_rows) batches.emplace_back(std::exchange(gathered, {}));
    }
  }
  if (gathered.size() > 0) batches.emplace_back(std::move(gathered));
  return {};
}

template <typename Row>
Result<void> history(std::vector<fleet::Fleet>& fleets, std::size_t batch_rows,
                     const std::function<Result<void>(const AnyBatch&)>& take) {
  Batch<Row> gathered, part;
  for (fleet::Fleet& fleet : fleets) {
    while (fleet.next_batch(part, batch_rows - gathered.size())) {
      append_batch<Row>(gathered, part);
      if (gathered.size() < batch_rows) continue;
      OPTIINFRA_CHECK(take(std::exchange(gathered, {})));
    }
  }
  if (gathered.size() == 0) return {};
  return take(std::move(gathered));
}

}  // namespace

std::size_t size_of(const AnyBatch& batch) {
  return std::visit([](const auto& rows) { return rows.size(); }, batch);
}

Family family_of(const AnyBatch& batch) {
  return with_rows(batch, []<typename Row>(const auto&) { return MetricTraits<Row>::kFamily; });
}

Result<void> insert(Client& client, const AnyBatch& batch, const InsertOptions& options) {
  return with_rows(batch, [&]<typename Row>(const auto& rows) -> Result<void> {
    auto receipt = client.insert<Row>(rows, options);
    if (!receipt) return std::move(receipt).error();
    return {};
  });
}

std::uint64_t RowSet::rows() const {
  std::uint64_t rows = 0;
  for (const AnyBatch& batch : batches) rows += size_of(batch);
  return rows;
}

std::vector<Family> RowSet::families() const {
  std::vector<Family> result;
  for (const Family family : kFamilies) {
    const auto is_of = [family](const AnyBatch& batch) { return family_of(batch) == family; };
    if (std::any_of(batches.begin(), batches.end(), is_of)) result.push_back(family);
  }
  return result;
}

Result<RowSet> day_of(Family family, fleet::RequestIds ids, std::uint64_t seed, std::uint64_t rows,
                      std::size_t batch_rows) {
  RowSet set{table_of(family).name, {}};
  if (ids == fleet::RequestIds::kVersion7) set.name += ", UUIDv7";
  OPTIINFRA_CHECK(with_metric(
      family, [&]<typename Row>() { return fill<Row>(set.batches, ids, seed, rows, batch_rows); }));
  return set;
}

Result<RowSet> mixed_day(std::uint64_t seed, std::uint64_t rows, std::size_t batch_rows) {
  RowSet set{"mixed", {}};
  OPTIINFRA_TRY(fleet::Fleet fleet,
                fleet::Fleet::create(day_options(seed, rows, fleet::RequestIds::kVersion4)));
  for (const Family family : kFamilies) {
    with_metric(family, [&]<typename Row>() {
      Batch<Row> batch;
      while (fleet.next_batch(batch, batch_rows)) set.batches.emplace_back(std::exchange(batch, {}));
    });
  }
  return set;
}

RowSet cut(const RowSet& set, std::size_t batch_rows) {
  RowSet result{set.name, {}};
  std::vector<std::uint32_t> rows;
  for (const AnyBatch& batch : set.batches) {
    with_rows(batch, [&]<typename Row>(const auto& from) {
      for (std::size_t begin = 0; begin < from.size(); begin += batch_rows) {
        rows.resize(std::min(batch_rows, from.size() - begin));
        std::iota(rows.begin(), rows.end(), static_cast<std::uint32_t>(begin));
        Batch<Row> part;
        append_batch<Row>(part, from, rows);
        result.batches.emplace_back(std::move(part));
      }
    });
  }
  return result;
}

Result<void> for_each_batch_of_history(const std::vector<fleet::FleetOptions>& options,
                                       std::size_t batch_rows,
                                       const std::function<Result<void>(const AnyBatch&)>& take) {
  std::vector<fleet::Fleet> fleets;
  for (const fleet::FleetOptions& each : options) {
    OPTIINFRA_TRY(fleet::Fleet fleet, fleet::Fleet::create(each));
    fleets.push_back(std::move(fleet));
  }
  for (const Family family : kFamilies) {
    OPTIINFRA_CHECK(
        with_metric(family, [&]<typename Row>() { return history<Row>(fleets, batch_rows, take); }));
  }
  return {};
}

}  // namespace optiinfra::benchmark
