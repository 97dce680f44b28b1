#include "insert_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

constexpr std::uint32_t kDaySeconds = 86'400, kBegin = 20'000 * kDaySeconds;

std::vector<std::byte> native_bytes(const Block& block) {
  std::vector<std::byte> bytes;
  const auto written = write_native(block, [&](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  });
  EXPECT_TRUE(written);
  return bytes;
}

PerformanceBatch random_batch(std::size_t rows, std::uint32_t days) {
  std::mt19937 random(7);
  PerformanceBatch batch;
  for (std::size_t i = 0; i < rows; ++i) {
    PerformanceMetric row;
    row.timestamp = sys_seconds{std::chrono::seconds{kBegin + random() % (days * kDaySeconds)}};
    row.customer_id = {random() % 3, random() % 3};
    row.service_id = {random() % 5, 9};
    row.latency_ms = static_cast<float>(i);
    batch.append(row);
  }
  return batch;
}

/// What the engine sorts by: second half of a UUID first.
auto engine_key(const PerformanceBatch& batch, std::uint32_t row) {
  const auto id = [](const Uuid& uuid) { return std::pair(uuid.low, uuid.high); };
  return std::tuple(batch.timestamp[row] / kDaySeconds, id(batch.customer_id[row]), id(batch.service_id[row]),
                    batch.timestamp[row]);
}

TEST(PlanInsert, KeepsEveryRowOnceInTheEnginesOrder) {
  const auto batch = random_batch(5'000, 4);
  const InsertPlan plan = plan_insert<PerformanceMetric>(batch, {});
  auto rows = plan.rows;
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                             [&](auto a, auto b) { return engine_key(batch, a) < engine_key(batch, b); }));
  std::sort(rows.begin(), rows.end());
  ASSERT_EQ(rows.size(), 5'000u);
  for (std::uint32_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], i);
}

/// A stable sort by the engine's key gives one order, whichever way it is reached.
void expect_engine_order(const PerformanceBatch& batch) {
  std::vector<std::uint32_t> expected(batch.size());
  std::iota(expected.begin(), expected.end(), 0u);
  std::stable_sort(expected.begin(), expected.end(),
                   [&](auto a, auto b) { return engine_key(batch, a) < engine_key(batch, b); });
  EXPECT_EQ(plan_insert<PerformanceMetric>(batch, {}).rows, expected);
}

TEST(PlanInsert, SortsRowsThatComeByTimeAsItSortsOthers) {
  auto batch = random_batch(3'000, 3);
  expect_engine_order(batch);
  std::sort(batch.timestamp.begin(), batch.timestamp.end());
  expect_engine_order(batch);
}

TEST(PlanInsert, SortsDecadesOfThousandsOfKeys) {
  // Day, rank and second together no longer fit into half a number.
  auto batch = random_batch(20'000, 15'000);
  for (std::uint32_t row = 0; row < batch.size(); ++row)
    batch.service_id[row] = {row * 7919 % 9'000, row % 3};
  expect_engine_order(batch);
}

TEST(PlanInsert, CutsABlockForEachDay) {
  const auto batch = random_batch(2'000, 4);
  const InsertPlan plan = plan_insert<PerformanceMetric>(batch, {});
  ASSERT_EQ(plan.block_ends.size(), 4u);
  EXPECT_EQ(plan.block_ends.back(), 2'000u);
  std::size_t begin = 0;
  for (std::size_t block = 0; block < 4; ++block) {
    for (std::size_t i = begin; i < plan.block_ends[block]; ++i)
      EXPECT_EQ(batch.timestamp[plan.rows[i]] / kDaySeconds, 20'000 + block);
    begin = plan.block_ends[block];
  }
}

TEST(PlanInsert, LeavesOutWhatItIsToldTo) {
  const auto batch = random_batch(100, 1);
  const std::vector<std::uint32_t> left_out = {0, 50, 99};
  const InsertPlan plan = plan_insert<PerformanceMetric>(batch, left_out);
  EXPECT_EQ(plan.rows.size(), 97u);
  for (const std::uint32_t row : left_out) EXPECT_EQ(std::count(plan.rows.begin(), plan.rows.end(), row), 0);
}

TEST(PlanInsert, OfNothingHasNoBlocks) {
  EXPECT_TRUE(plan_insert<PerformanceMetric>(PerformanceBatch{}, {}).block_ends.empty());
  const auto batch = random_batch(2, 1);
  const std::vector<std::uint32_t> all = {0, 1};
  EXPECT_TRUE(plan_insert<PerformanceMetric>(batch, all).block_ends.empty());
}

TEST(PlanInsert, OfEqualBatchesIsEqual) {
  const auto a = plan_insert<PerformanceMetric>(random_batch(3'000, 3), {}),
             b = plan_insert<PerformanceMetric>(random_batch(3'000, 3), {});
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.block_ends, b.block_ends);
}

TEST(GatherBlock, HasTheTablesColumnsAndTheRowsAskedFor) {
  ResourceBatch batch;
  for (int i = 0; i < 3; ++i) {
    ResourceMetric row;
    row.instance_id = "i-" + std::to_string(i);
    row.cpu_utilization = static_cast<float>(i);
    batch.append(row);
  }
  const std::vector<std::uint32_t> rows = {2, 0};
  const Block block = gather_block<ResourceMetric>(batch, rows);
  EXPECT_EQ(block.row_count(), 2u);
  EXPECT_EQ(block.columns().size(), table_of(Family::kResource).columns().size());
  EXPECT_EQ(std::get<Dictionary>(block.find("instance_id")->data)[0], "i-2");
  const Nullable& cpu = *std::get<std::unique_ptr<Nullable>>(block.find("cpu_utilization")->data);
  EXPECT_EQ(std::get<std::vector<float>>(cpu.values)[0], 2);
  EXPECT_EQ(cpu.null, (std::vector<std::uint8_t>{0, 0}));
  const Nullable& gpu = *std::get<std::unique_ptr<Nullable>>(block.find("gpu_utilization")->data);
  EXPECT_EQ(gpu.null, (std::vector<std::uint8_t>{1, 1}));
}

TEST(GatherBlock, AddsTheTokensUpWhereTheirSumIsAbsent) {
  PerformanceBatch batch;
  PerformanceMetric row;
  batch.append(row);
  row.prompt_tokens = 3;
  batch.append(row);
  row.completion_tokens = 4;
  batch.append(row);
  row.total_tokens = 9;
  batch.append(row);
  const std::vector<std::uint32_t> rows = {0, 1, 2, 3};
  const Block block = gather_block<PerformanceMetric>(batch, rows);
  const Nullable& total = *std::get<std::unique_ptr<Nullable>>(block.find("total_tokens")->data);
  EXPECT_EQ(total.null, (std::vector<std::uint8_t>{1, 1, 0, 0}));
  EXPECT_EQ(std::get<std::vector<std::uint32_t>>(total.values)[2], 7u);
  EXPECT_EQ(std::get<std::vector<std::uint32_t>>(total.values)[3], 9u);
}

TEST(GatherBlock, LacksTheColumnsThatAllRowsLeaveOut) {
  CostBatch batch;
  batch.timestamp.push_back(1);
  batch.customer_id.push_back({});
  batch.cloud_provider.append("aws");
  batch.cost_per_hour.push_back(1);
  const std::vector<std::uint32_t> rows = {0};
  EXPECT_EQ(gather_block<CostMetric>(batch, rows).columns().size(), 4u);
}

TEST(GatherBlock, TakesTheMemoryOfASpareBlockAndNothingElseOfIt) {
  const PerformanceBatch before = random_batch(3'000, 4), batch = random_batch(2'000, 5);
  const auto all_before = plan_insert<PerformanceMetric>(before, {}).rows,
             all = plan_insert<PerformanceMetric>(batch, {}).rows;
  Block spare = gather_block<PerformanceMetric>(before, all_before);
  const void* const memory = std::get<std::vector<Uuid>>(spare.find("request_id")->data).data();
  const Block block = gather_block<PerformanceMetric>(batch, all, std::move(spare));
  EXPECT_EQ(std::get<std::vector<Uuid>>(block.find("request_id")->data).data(), memory);
  EXPECT_EQ(native_bytes(block), native_bytes(gather_block<PerformanceMetric>(batch, all)));
}

TEST(GatherBlock, MakesNewColumnsWhereTheSpareBlockHasOthers) {
  const PerformanceBatch batch = random_batch(100, 6);
  const auto rows = plan_insert<PerformanceMetric>(batch, {}).rows;
  ResourceBatch other;
  other.append(ResourceMetric{});
  const std::uint32_t first = 0;
  Block spare = gather_block<ResourceMetric>(other, {&first, 1});
  const Block block = gather_block<PerformanceMetric>(batch, rows, std::move(spare));
  EXPECT_EQ(native_bytes(block), native_bytes(gather_block<PerformanceMetric>(batch, rows)));
}

}  // namespace
}  // namespace optiinfra
