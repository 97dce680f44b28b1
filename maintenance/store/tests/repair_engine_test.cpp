// Rollup hours rebuilt from raw rows: exactly those that differ, and while rows go on arriving in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "optiinfra/store/batch.hpp"
#include "optiinfra/store/repair.hpp"
#include "optiinfra/store/retention.hpp"
#include "reconcile.hpp"
#include "store_under_test.hpp"

namespace optiinfra::store {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr const char* kRollup = "optiinfra.performance_metrics_hourly";

class Repair : public testing::MigratedStoreTest {
 protected:
  RepairReport repaired() {
    auto report = verify(*session_, RepairMode::kRollups);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->hours_differing, 0u);
    return report ? report->repair : RepairReport{};
  }

  void expect_sound(std::uint64_t rows) {
    EXPECT_TRUE(verified().ok());
    EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts)"), rows);
    EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_hourly)"), rows);
  }

  void remove_from_rollup(const std::string& condition) {
    run(std::string("DELETE FROM ") + kRollup + " WHERE " + condition);
  }
  void double_in_rollup(const std::string& condition) {
    run(std::string("INSERT INTO ") + kRollup + " SELECT * FROM " + kRollup + " WHERE " + condition +
        " SETTINGS deduplicate_insert = 'disable'");
  }
  std::uint64_t generation() {
    return count(
        "(SELECT toUInt64(default_expression) FROM system.columns WHERE table = "
        "'performance_metrics_ts' AND name = 'generation')");
  }
};

TEST_F(Repair, RebuildsExactlyTheHoursThatDifferAndSaysWhatWasWrong) {
  for (int age = 1; age <= 4; ++age) insert_requests(days{age}, 100 * age);
  remove_from_rollup("toDate(hour) = today() - 1");
  double_in_rollup("toDate(hour) = today() - 3");
  const RepairReport report = repaired();
  EXPECT_EQ(report.hours_rebuilt, 2u);
  EXPECT_EQ(report.hours_differing, 0u);
  ASSERT_EQ(report.rebuilt.size(), 2u);
  EXPECT_EQ(report.rebuilt[0].rows_before, 600u);
  EXPECT_EQ(report.rebuilt[0].rows_after, 300u);
  EXPECT_EQ(report.rebuilt[1].hour, floor_hour(now()) - days{1});
  EXPECT_EQ(report.rebuilt[1].rows_before, 0u);
  EXPECT_EQ(report.rebuilt[1].rows_after, 100u);
  EXPECT_NE(report.rebuilt[1].key.find("service_id=650e8400"), std::string::npos);
  expect_sound(1000);
}

TEST_F(Repair, ComparesADayInPiecesAsInOne) {
  run("INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, latency_ms) SELECT "
      "toStartOfDay(now()) - toIntervalHour(5), toUUID('550e8400-e29b-41d4-a716-446655440000'), "
      "reinterpretAsUUID(sipHash128(number)), 1 FROM numbers(60)");
  remove_from_rollup("cityHash64(service_id) % 3 = 0");
  const auto kept = read_retention(*session_);
  ASSERT_TRUE(kept);
  const auto raw = std::find_if(kept->begin(), kept->end(), [](const Retention& each) {
    return each.family == Family::kPerformance && each.tier == Tier::kRaw;
  });
  ReconcileScope scope = scope_of(*raw, now());
  const std::string day = format_time(now() - days{1}).substr(0, 10);
  const auto keys = count_keys(*session_, scope, day);
  ASSERT_TRUE(keys) << keys.error().message;
  EXPECT_EQ(*keys, 60u) << "also those that the rollup lacks";
  const auto whole = count_day(*session_, scope, day);
  const auto hours = differing_hours(*session_, scope, day, 15);
  scope.pieces = 7;
  const auto in_pieces = count_day(*session_, scope, day);
  const auto hours_of_pieces = differing_hours(*session_, scope, day, 15);
  ASSERT_TRUE(whole && hours && in_pieces && hours_of_pieces);
  EXPECT_EQ(in_pieces->compared, 60u);
  EXPECT_EQ(in_pieces->compared, whole->compared);
  EXPECT_GT(whole->differing, 0u);
  EXPECT_EQ(in_pieces->differing, whole->differing);
  EXPECT_EQ(*hours_of_pieces, *hours);
}

TEST_F(Repair, RemovesAnHourThatHasNoRawRows) {
  insert_requests(days{1}, 10);
  run(std::string("INSERT INTO ") + kRollup +
      " (hour, customer_id, service_id, request_count, arrival_hour) VALUES (toStartOfHour(now()), "
      "'550e8400-e29b-41d4-a716-446655440000', '650e8400-e29b-41d4-a716-446655440009', 7, now())");
  const RepairReport report = repaired();
  ASSERT_EQ(report.rebuilt.size(), 1u);
  EXPECT_EQ(report.rebuilt[0].rows_before, 7u);
  EXPECT_EQ(report.rebuilt[0].rows_after, 0u);
  expect_sound(10);
}

TEST_F(Repair, OfASoundStoreChangesNothing) {
  insert_requests(days{1}, 10);
  EXPECT_EQ(repaired().hours_rebuilt, 0u);
  EXPECT_EQ(generation(), 0u);
}

TEST_F(Repair, NeverTouchesHoursWhoseRawRowsMayHaveExpired) {
  insert_requests(days{5}, 10);
  insert_requests(days{1}, 20);
  ASSERT_TRUE(set_retention(*session_, Family::kPerformance, Tier::kRaw, days{2}));
  remove_from_rollup("toDate(hour) = today() - 1");
  EXPECT_EQ(repaired().hours_rebuilt, 1u);
  EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_hourly)"), 30u);
  EXPECT_EQ(verified().hours_past_retention, 1u);
}

TEST_F(Repair, ThatIsRepeatedStaysExactThroughMergesAndNewRows) {
  std::uint64_t rows = 0;
  for (int round = 0; round < 2; ++round) {
    insert_requests(days{0}, 10), rows += 10;
    double_in_rollup("1");
    EXPECT_EQ(repaired().hours_rebuilt, 1u);
    expect_sound(rows);
    run(std::string("OPTIMIZE TABLE ") + kRollup + " FINAL");
  }
  EXPECT_EQ(generation(), 2u);
  expect_sound(rows);
}

TEST_F(Repair, OfAStoreOfAnotherVersionIsRefused) {
  run("TRUNCATE TABLE optiinfra.schema_migrations");
  EXPECT_EQ(verify(*session_, RepairMode::kRollups).error().kind, ErrorKind::kIncompatible);
}

/// Threads that insert into the hours that are damaged and repaired, with tokens, as the client does.
class Writers {
 public:
  Writers(Connector& connector, int threads) {
    for (int i = 0; i < threads; ++i) {
      auto session = connector.connect();
      EXPECT_TRUE(session) << session.error().message;
      if (session) threads_.emplace_back(&Writers::write, this, std::move(session).value());
    }
  }
  ~Writers() { stop(); }

  void stop() {
    stop_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }

  std::atomic<std::uint64_t> inserts = 0, rows = 0;

 private:
  void write(std::unique_ptr<Session> session) {
    constexpr std::size_t kRows = 10;
    const BatchId batch{Uuid::random(), 0};
    for (std::uint32_t index = 0; !stop_; ++index) {
      Block block;
      const auto hour = to_column_time(floor_hour(now()));
      block.add({"timestamp", "DateTime('UTC')", std::vector<std::uint32_t>(kRows, hour)});
      block.add({"customer_id", "UUID", std::vector<Uuid>(kRows, Uuid{1, 1})});
      block.add({"service_id", "UUID", std::vector<Uuid>(kRows, Uuid{2, index % 3})});
      block.add({"latency_ms", "Float32", std::vector<float>(kRows, static_cast<float>(index % 100))});
      const auto done =
          session->insert(tokened_insert("optiinfra.performance_metrics_ts", batch.token(index)), block);
      EXPECT_TRUE(done) << done.error().message;
      ++inserts, rows += kRows;
    }
  }

  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

TEST_F(Repair, IsExactWhileInsertsGoOnIntoTheSameHours) {
  constexpr int kRounds = 3;
  Writers writers(*connector_, 3);
  std::uint64_t rebuilt = 0;
  for (int round = 0; round < kRounds; ++round) {
    while (writers.inserts < static_cast<std::uint64_t>(round + 1) * 10) std::this_thread::sleep_for(1ms);
    round % 2 == 0 ? remove_from_rollup("1") : double_in_rollup("1");
    const std::uint64_t before = writers.inserts;
    const RepairReport report = repaired();
    EXPECT_GT(writers.inserts, before) << "no insert went on during the repair";
    EXPECT_GE(report.hours_rebuilt, 1u);
    rebuilt += report.hours_rebuilt;
  }
  writers.stop();
  expect_sound(writers.rows);
  std::cout << writers.inserts << " inserts during " << kRounds << " repairs of " << rebuilt << " hours\n";
}

TEST_F(Repair, WaitsForAnInsertThatBeganBefore) {
  run("CREATE TABLE optiinfra.slow (a UInt8) ENGINE = Null");
  insert_requests(days{0}, 10);
  remove_from_rollup("1");
  run("CREATE MATERIALIZED VIEW optiinfra.a_slow_view TO optiinfra.slow AS SELECT sleepEachRow(0.15) AS a "
      "FROM optiinfra.performance_metrics_ts");
  auto other = connector_->connect();
  ASSERT_TRUE(other);
  std::thread insert([&] {
    const auto done = (*other)->execute(
        {.sql =
             "INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, latency_ms) "
             "SELECT toStartOfHour(now()), toUUID('550e8400-e29b-41d4-a716-446655440000'), "
             "toUUID('650e8400-e29b-41d4-a716-446655440000'), 1 FROM numbers(10)"});
    EXPECT_TRUE(done) << done.error().message;
  });
  while (count("(SELECT count() FROM system.processes WHERE query_kind = 'Insert')") == 0)
    std::this_thread::sleep_for(5ms);
  const auto begin = std::chrono::steady_clock::now();
  repaired();
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 500ms) << "the insert was not in flight";
  insert.join();
  run("DROP VIEW optiinfra.a_slow_view SYNC");
  expect_sound(20);
}

}  // namespace
}  // namespace optiinfra::store
