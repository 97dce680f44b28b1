#include "optiinfra/schema/metrics.hpp"

#include <gtest/gtest.h>

#include <set>

#include "optiinfra/schema/batch_columns.hpp"

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
  EXPECT_EQ(batch.prompt_tokens[0], std::nullopt);
}

TEST(PerformanceBatch, MayLeaveOutWholeColumns) {
  PerformanceBatch left_out;
  left_out.timestamp.push_back(7);
  left_out.customer_id.push_back({});
  left_out.service_id.push_back({});
  left_out.latency_ms.push_back(3);
  EXPECT_TRUE(left_out.is_rectangular());
  PerformanceBatch all;
  all.append(PerformanceMetric{});
  append_batch<PerformanceMetric>(all, left_out);
  EXPECT_TRUE(all.is_rectangular());
  EXPECT_EQ(all.size(), 2u);
  EXPECT_EQ(all.queue_ms[1], std::nullopt);
  EXPECT_EQ(all.model_name[1], "");
  PerformanceBatch twice;
  for (int i = 0; i < 2; ++i) append_batch<PerformanceMetric>(twice, left_out);
  EXPECT_EQ(twice.size(), 2u);
  EXPECT_EQ(twice.queue_ms.size(), 0u) << "left out by all rows";
  PerformanceBatch with_queue = left_out;
  with_queue.queue_ms.push_back(9);
  append_batch<PerformanceMetric>(twice, with_queue);
  EXPECT_EQ(twice.queue_ms.size(), 3u);
  EXPECT_EQ(twice.queue_ms[1], std::nullopt);
  EXPECT_EQ(twice.queue_ms[2], 9.0f);
  const Block block = block_of<PerformanceMetric>(left_out);
  EXPECT_EQ(block.columns().size(), 4u);
  PerformanceBatch read;
  const std::uint32_t first[] = {0};
  ASSERT_TRUE(append_block(read, block, first));
  EXPECT_EQ(read.latency_ms[0], 3);
  EXPECT_EQ(read.total_tokens.size(), 0u);
  left_out.latency_ms.clear();
  EXPECT_FALSE(left_out.is_rectangular()) << "a column that a row must have";
}

TEST(PerformanceBatch, TakesColumnsFromBeforeTheyCouldBeAbsent) {
  Block block;
  block.add({"prompt_tokens", "UInt32", std::vector<std::uint32_t>{0, 5}});
  PerformanceBatch read;
  const std::uint32_t rows[] = {0, 1};
  ASSERT_TRUE(append_block(read, block, rows));
  EXPECT_EQ(read.prompt_tokens[0], 0u);
  EXPECT_EQ(read.prompt_tokens[1], 5u);
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
