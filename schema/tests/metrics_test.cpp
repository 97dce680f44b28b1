#include "optiinfra/schema/metrics.hpp"

#include <gtest/gtest.h>

#include <set>

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

template <typename Row>
class EveryFamily : public ::testing::Test {};
using Families = ::testing::Types<CostMetric, PerformanceMetric, ResourceMetric, QualityMetric>;
TYPED_TEST_SUITE(EveryFamily, Families);

TYPED_TEST(EveryFamily, NamesEachColumnOnceAndSaysWhatItMeans) {
  std::set<std::string> names;
  for_each_column<TypeParam>([&](const auto& access) {
    EXPECT_TRUE(names.insert(access.definition.name).second) << access.definition.name;
    EXPECT_FALSE(std::string_view(access.definition.meaning).empty()) << access.definition.name;
  });
  EXPECT_TRUE(names.contains("timestamp"));
  EXPECT_TRUE(names.contains("customer_id"));
}

TYPED_TEST(EveryFamily, AppendedRowsLengthenEveryColumnAlike) {
  Batch<TypeParam> batch;
  EXPECT_EQ(batch.size(), 0u);
  batch.append(TypeParam{});
  const TypeParam two[2] = {};
  batch.append(std::span<const TypeParam>(two));
  EXPECT_EQ(batch.size(), 3u);
  EXPECT_TRUE(batch.is_rectangular());
  batch.clear();
  EXPECT_EQ(batch.size(), 0u);
  EXPECT_TRUE(batch.is_rectangular());
}

TYPED_TEST(EveryFamily, WithMetricPicksTheRowTypeOfTheFamily) {
  const Family family = with_metric(MetricTraits<TypeParam>::kFamily,
                                    []<typename Row>() { return MetricTraits<Row>::kFamily; });
  EXPECT_EQ(family, MetricTraits<TypeParam>::kFamily);
}

TEST(PerformanceBatch, HoldsTheValuesOfARow) {
  PerformanceMetric row;
  row.timestamp = sys_seconds{1'772'366'400s};
  row.model_name = "llama-3.1-70b";
  row.latency_ms = 12.5f;
  row.total_tokens = 42;
  PerformanceBatch batch;
  batch.append(row);
  EXPECT_EQ(batch.timestamp[0], 1'772'366'400u);
  EXPECT_EQ(batch.model_name[0], "llama-3.1-70b");
  EXPECT_EQ(batch.latency_ms[0], 12.5f);
  EXPECT_EQ(batch.total_tokens[0], 42u);
}

TEST(PerformanceBatch, WithColumnsOfDifferentLengthIsNotRectangular) {
  PerformanceBatch batch;
  batch.append(PerformanceMetric{});
  batch.latency_ms.push_back(1);
  EXPECT_FALSE(batch.is_rectangular());
}

TEST(ToColumnTime, ClampsWhatThirtyTwoBitsCannotHold) {
  EXPECT_EQ(to_column_time(sys_seconds{-1s}), 0u);
  EXPECT_EQ(to_column_time(sys_seconds{std::chrono::seconds{0x1'0000'0000}}), 0xFFFF'FFFFu);
}

}  // namespace
}  // namespace optiinfra
