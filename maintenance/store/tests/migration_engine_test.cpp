// Stores of earlier schema versions, as they were made then (schema_N.sql), brought to this program's
// version.
#include <gtest/gtest.h>

#include <fstream>

#include "migration_steps.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "store_under_test.hpp"

namespace optiinfra::store {
namespace {

using std::chrono::days;

const CreateFamily create = [](const TableDefinition& table) {
  return create_statements(table, "optiinfra");
};

class OldStoreTest : public testing::StoreTest {
 protected:
  void make_old(std::uint32_t version) {
    run("DROP DATABASE IF EXISTS optiinfra SYNC");
    run("CREATE DATABASE optiinfra");
    std::ifstream file(OPTIINFRA_SOURCE_DIR "/maintenance/store/tests/schema_" + std::to_string(version) +
                       ".sql");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find(";\n", begin)) != std::string::npos; begin = end + 2)
      run(text.substr(begin, end - begin));
    run("INSERT INTO optiinfra.schema_migrations (number, name) SELECT number + 1, 'old' FROM numbers(" +
        std::to_string(version) + ")");
  }
};

class OldStore : public OldStoreTest, public ::testing::WithParamInterface<std::uint32_t> {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (!HasFatalFailure()) make_old();
  }

  void make_old() {
    OldStoreTest::make_old(GetParam());
    insert_requests(days{1}, 100);
    insert_requests(days{0}, 50);
    // What a program of that time wrote of a host without a GPU.
    run("INSERT INTO optiinfra.resource_metrics_ts (timestamp, customer_id, instance_id, cpu_utilization) "
        "SELECT now() - 60, toUUID('00000000-0000-0001-0000-000000000001'), 'i-1', 40");
  }

  void expect_whole(int done) {
    insert_requests(days{0}, 25);
    const VerifyReport report = verified();
    EXPECT_TRUE(report.ok()) << "killed after statement " << done;
    EXPECT_TRUE(report.schema_faults.empty()) << report.schema_faults[0];
    EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_hourly)"), 175u);
    EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts WHERE generation = 0)"), 175u);
    expect_zeros_kept();
  }

  /// The zero of before version 5 counts as measured, and a value that is left out now does not.
  void expect_zeros_kept() {
    const std::uint64_t zeros = GetParam() < 5 ? 1 : 0;
    const std::string hourly =
        "(SELECT toUInt64(any(gpu_utilization_count)) FROM optiinfra.resource_hourly WHERE instance_id = "
        "'i-1')";
    EXPECT_EQ(count(hourly), zeros);
    EXPECT_EQ(count("(SELECT toUInt64(ifNull(any(avg_gpu_util), 0)) FROM optiinfra.resource_hourly)"), 0u);
    EXPECT_EQ(count("(SELECT toUInt64(isNull(any(max_gpu_power))) FROM optiinfra.resource_hourly)"), 1u);
    run("INSERT INTO optiinfra.resource_metrics_ts (timestamp, customer_id, instance_id, gpu_utilization) "
        "SELECT now() - 60, toUUID('00000000-0000-0001-0000-000000000002'), 'i-2', 40");
    EXPECT_EQ(count("(SELECT toUInt64(count()) FROM optiinfra.resource_hourly WHERE instance_id = 'i-2' AND "
                    "avg_gpu_util = 40 AND isNull(avg_cpu_util) AND isNull(max_gpu_temperature))"),
              1u);
    run("OPTIMIZE TABLE optiinfra.resource_metrics_hourly FINAL");
    EXPECT_EQ(count(hourly), zeros) << "in a merged part";
  }
};

INSTANTIATE_TEST_SUITE_P(Version, OldStore, ::testing::Values(1u, 4u, 6u));

TEST_P(OldStore, IsBroughtUpToDateWithItsRows) {
  EXPECT_EQ(expect_current_schema(*session_).error().kind, ErrorKind::kIncompatible);
  const auto report = migrate(*session_);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->version_before, GetParam());
  EXPECT_EQ(report->version_after, schema_version_of_program());
  expect_whole(0);
}

TEST_P(OldStore, IsBroughtUpToDateAfterAKillAtAnyStatement) {
  std::vector<std::string> statements;
  for (const Family family : {Family::kCost, Family::kPerformance, Family::kResource, Family::kQuality}) {
    if (GetParam() != 1) break;
    for (auto& sql : add_batches_statements(table_of(family), "optiinfra"))
      statements.push_back(std::move(sql));
  }
  const std::size_t of_steps = statements.size();
  for (std::size_t done = 1; done <= of_steps; done += 3) {
    make_old();
    for (std::size_t i = 0; i < done; ++i) run(statements[i]);
    migrated();
    expect_whole(static_cast<int>(done));
  }
  if (GetParam() == 1) return;
  make_old();
  const auto aligning = alignment_statements(*session_, create);
  ASSERT_TRUE(aligning) << aligning.error().message;
  // Each family has a rollup, a raw table, a view and a finishing view. Version 6 lacks one family.
  EXPECT_EQ(aligning->size(), GetParam() == 6 ? 4u : 20u);
  for (std::size_t done = 1; done <= aligning->size(); done += 3) {
    make_old();
    for (std::size_t i = 0; i < done; ++i) run(aligning->at(i));
    migrated();
    expect_whole(static_cast<int>(done));
  }
}

TEST_P(OldStore, NeedsNothingMoreOnceItIsUpToDate) {
  migrated();
  const auto aligning = alignment_statements(*session_, create);
  ASSERT_TRUE(aligning) << aligning.error().message;
  EXPECT_TRUE(aligning->empty()) << aligning->front();
}

TEST_P(OldStore, BecomesWhatANewStoreIs) {
  const std::string columns =
      "(SELECT sum(cityHash64(table, name, type, default_expression, compression_codec, "
      "is_in_sorting_key)) FROM system.columns WHERE database = "
      "'optiinfra')";
  migrated();
  const std::uint64_t of_old = count(columns);
  run("DROP DATABASE optiinfra SYNC");
  migrated();
  EXPECT_EQ(of_old, count(columns));
}

// Version 11 has the sums of attributed cost: of the rows that were there, too.
TEST_F(OldStoreTest, OfVersion10KeepsItsAttributedCostAndGetsItsSumsAlsoAfterAKill) {
  const auto statements = add_attributed_sums("optiinfra", {});
  ASSERT_EQ(statements.size(), 4u) << "for models and for customers: added, and written";
  for (const std::size_t done : {0u, 1u, 3u}) {
    make_old(10);
    run("INSERT INTO optiinfra.attributed_hours SELECT toStartOfHour(now()) - 7200, 5, 1, 1000, 1, 1000, "
        "now()");
    for (const char* const part : {"0", "1"})
      run("INSERT INTO optiinfra.attributed_cost_hourly (hour, version, served_customer_id, service_id, "
          "model_name, kind, currency, cost, requests) SELECT toStartOfHour(now()) - 7200, 5, "
          "toUUID('550e8400-e29b-41d4-a716-446655440000'), generateUUIDv4(number), concat('m-', "
          "toString(number % 3)), 'served', 'USD', number, 1 FROM numbers(1000) WHERE number % 2 = " +
          std::string(part));
    EXPECT_EQ(expect_current_schema(*session_).error().kind, ErrorKind::kIncompatible);
    for (std::size_t i = 0; i < done; ++i) run(statements[i]);
    migrated();
    EXPECT_TRUE(expect_current_schema(*session_));
    EXPECT_EQ(
        count("(SELECT count() FROM optiinfra.objectives) + (SELECT count() FROM optiinfra.exchange_rates)"),
        0u);
    for (const char* const column : {"model_name", "served_customer_id"})
      EXPECT_EQ(
          count("(SELECT sum(cost) FROM (SELECT " + std::string(column) +
                ", sumIf(cost, kind = 'served') AS cost FROM optiinfra.attributed_cost_hourly GROUP BY " +
                column + " SETTINGS force_optimize_projection = 1))"),
          999u * 1000 / 2)
          << column << ", killed after statement " << done;
    EXPECT_EQ(
        count("(SELECT count() FROM (SELECT 1 FROM system.projection_parts WHERE database = 'optiinfra' "
              "AND table = 'attributed_cost_hourly' AND active GROUP BY parent_name HAVING "
              "uniqExact(name) != 2))"),
        0u)
        << "all parts have both";
    const VerifyReport report = verified();
    EXPECT_TRUE(report.schema_faults.empty()) << report.schema_faults[0];
  }
}

}  // namespace
}  // namespace optiinfra::store
