/// Rows to insert, generated before the measurement starts.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/generate/fleet.hpp"

namespace optiinfra::benchmark {

/// Calls `use.template operator()<Row>(rows)` with the batch of its own type.
template <typename Use>
decltype(auto) with_rows(const AnyBatch& batch, Use&& use) {
  return std::visit([&]<typename Row>(const Batch<Row>& rows) { return use.template operator()<Row>(rows); },
                    batch);
}

std::size_t size_of(const AnyBatch& batch);
Family family_of(const AnyBatch& batch);
Result<void> insert(Client& client, const AnyBatch& batch, const InsertOptions& options);

/// What one measured insert inserts.
/// The contract's families: what figures of earlier versions were measured with.
inline constexpr Family kMeasuredFamilies[] = {Family::kCost, Family::kPerformance, Family::kResource,
                                               Family::kQuality};

struct RowSet {
  std::string name;  ///< "performance, UUIDv7".
  std::vector<AnyBatch> batches;

  std::uint64_t rows() const;
  std::vector<Family> families() const;  ///< Those that have batches.
};

/// `rows` rows of yesterday, the shape of live traffic: a batch is a block. Few fleets have enough rows of
/// some families, so there may be several, of seeds from `seed` on.
Result<RowSet> day_of(Family family, fleet::RequestIds ids, std::uint64_t seed, std::uint64_t rows,
                      std::size_t batch_rows);

/// Yesterday of one fleet, `rows` over all families.
Result<RowSet> mixed_day(std::uint64_t seed, std::uint64_t rows, std::size_t batch_rows);

/// The same rows in batches of `batch_rows`, as a service hands them over.
RowSet cut(const RowSet& set, std::size_t batch_rows);

/// Hands the rows of several fleets to `take`, in batches of up to `batch_rows` in
/// which fleets stand together, family by family.
Result<void> for_each_batch_of_history(const std::vector<fleet::FleetOptions>& fleets, std::size_t batch_rows,
                                       const std::function<Result<void>(const AnyBatch&)>& take);

}  // namespace optiinfra::benchmark
