// Rows that benchmarks insert.
#include "rows.hpp"

#include <gtest/gtest.h>

#include <set>

namespace optiinfra::benchmark {
namespace {

RowSet expect(Result<RowSet> set) {
  EXPECT_TRUE(set) << (set ? "" : set.error().message);
  return set ? *std::move(set) : RowSet{};
}

TEST(DayOf, HasExactlyTheRowsAskedForInBlocksOfOneDay) {
  for (const Family family : kMeasuredFamilies) {
    const RowSet set = expect(day_of(family, fleet::RequestIds::kVersion4, 1, 50'000, 20'000));
    EXPECT_EQ(set.rows(), 50'000u) << set.name;
    EXPECT_EQ(set.families(), std::vector{family});
    std::set<std::uint32_t> days;
    for (const AnyBatch& batch : set.batches) {
      EXPECT_LE(size_of(batch), 20'000u);
      with_rows(batch, [&]<typename Row>(const auto& rows) {
        for (const std::uint32_t time : rows.timestamp) days.insert(time / 86'400);
      });
    }
    EXPECT_EQ(days.size(), 1u) << set.name;
  }
}

TEST(DayOf, MakesRequestIdsOfTheKindAskedFor) {
  const RowSet set = expect(day_of(Family::kPerformance, fleet::RequestIds::kVersion7, 1, 1'000, 1'000));
  for (const Uuid& id : std::get<PerformanceBatch>(set.batches.front()).request_id)
    ASSERT_EQ(id.high >> 12 & 0xF, 7u);
}

TEST(MixedDay, HasAllFamilies) {
  const RowSet set = expect(mixed_day(1, 100'000, 10'000));
  EXPECT_EQ(set.rows(), 100'000u);
  EXPECT_EQ(set.families().size(), 4u);
}

TEST(Cut, KeepsEveryRowInItsPlace) {
  const RowSet set = expect(day_of(Family::kResource, fleet::RequestIds::kVersion4, 1, 10'500, 10'500));
  const RowSet parts = cut(set, 1'000);
  ASSERT_EQ(parts.batches.size(), 11u);
  EXPECT_EQ(parts.rows(), set.rows());
  const auto& whole = std::get<ResourceBatch>(set.batches.front());
  const auto& last = std::get<ResourceBatch>(parts.batches.back());
  ASSERT_EQ(last.size(), 500u);
  EXPECT_EQ(last.timestamp.back(), whole.timestamp.back());
  EXPECT_EQ(last.instance_id[499], whole.instance_id[10'499]);
}

}  // namespace
}  // namespace optiinfra::benchmark
