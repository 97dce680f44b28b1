#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/store/verify.hpp"
#include "store_under_test.hpp"

namespace optiinfra::store {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

class Store : public testing::StoreTest {};

TEST_F(Store, IsCreatedByTheFirstMigrationAndLeftAloneByTheSecond) {
  const auto first = migrate(*session_);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->version_before, 0u);
  EXPECT_EQ(first->version_after, schema_version_of_program());
  const auto second = migrate(*session_);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->applied.empty());
  EXPECT_TRUE(verified().ok());
  EXPECT_TRUE(expect_current_schema(*session_));
}

TEST_F(Store, IsFinishedByAMigrationAfterAKillAtAnyStatement) {
  std::vector<std::string> statements = {"CREATE DATABASE IF NOT EXISTS optiinfra"};
  for (const Family family : kFamilies) {
    for (auto& sql : create_statements(table_of(family), "optiinfra")) statements.push_back(std::move(sql));
  }
  for (std::size_t done = 0; done <= statements.size(); done += 3) {
    run("DROP DATABASE IF EXISTS optiinfra SYNC");
    for (std::size_t i = 0; i < done; ++i) run(statements[i]);
    migrated();
    EXPECT_TRUE(verified().ok()) << "killed after statement " << done;
  }
}

TEST_F(Store, OfANewerProgramIsRefusedAndLeftUnchanged) {
  migrated();
  run("INSERT INTO optiinfra.schema_migrations (number, name) VALUES (999, 'from the future')");
  const auto refused = migrate(*session_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kIncompatible);
  EXPECT_NE(refused.error().message.find("999"), std::string::npos);
  ASSERT_FALSE(expect_current_schema(*session_));
}

TEST_F(Store, ThatIsEmptySaysHowToSetItUp) {
  const auto refused = expect_current_schema(*session_);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("optiinfra init"), std::string::npos);
}

TEST_F(Store, ReportsColumnsOfAnotherSchemaInsteadOfComparingThem) {
  migrated();
  run("ALTER TABLE optiinfra.quality_metrics_ts DROP CONSTRAINT prompt_hash, DROP COLUMN prompt_hash");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.ok());
  ASSERT_EQ(report.schema_faults.size(), 1u);
  EXPECT_EQ(report.schema_faults[0], "quality_metrics_ts.prompt_hash is absent; it should be String");
}

TEST_F(Store, ShowsAMissingViewAsAbsent) {
  migrated();
  run("DROP VIEW optiinfra.cost_metrics_hourly_mv SYNC");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.ok());
  const auto view = std::find_if(report.objects.begin(), report.objects.end(),
                                 [](const auto& each) { return each.name == "cost_metrics_hourly_mv"; });
  ASSERT_NE(view, report.objects.end());
  EXPECT_FALSE(view->exists);
}

TEST_F(Store, VerifyFindsADeletedRollupRow) {
  migrated();
  insert_requests(days{1}, 100);
  insert_requests(days{0}, 50);
  EXPECT_TRUE(verified().ok());
  run("ALTER TABLE optiinfra.performance_metrics_hourly DELETE WHERE hour < toStartOfHour(now()) SETTINGS "
      "mutations_sync = 1");
  const VerifyReport report = verified();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.hours_differing, 1u);
  ASSERT_FALSE(report.differences.empty());
  EXPECT_EQ(report.differences[0].measure, "request_count");
  EXPECT_EQ(report.differences[0].raw, 100);
}

TEST_F(Store, VerifyFindsADroppedRawPartAndAChangedCount) {
  migrated();
  insert_requests(days{2}, 100);
  run("INSERT INTO optiinfra.performance_metrics_hourly (hour, customer_id, service_id, request_count, "
      "arrival_hour) SELECT hour, customer_id, service_id, 1, now() FROM "
      "optiinfra.performance_metrics_hourly");
  VerifyReport report = verified();
  EXPECT_EQ(report.hours_differing, 1u);
  ASSERT_FALSE(report.differences.empty());
  const auto counted = std::find_if(report.differences.begin(), report.differences.end(),
                                    [](const auto& each) { return each.measure == "request_count"; });
  ASSERT_NE(counted, report.differences.end());
  EXPECT_EQ(counted->rollup, 101);
  run("TRUNCATE TABLE optiinfra.performance_metrics_ts");
  report = verified();
  EXPECT_EQ(report.hours_differing, 1u);
}

TEST_F(Store, KeepsRowsThatArriveExpiredForADayAndReconcilesThem) {
  migrated();
  insert_requests(days{400}, 10);
  run("OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL");
  const auto dropped = drop_expired(*session_, now());
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_TRUE(dropped->empty());
  EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts)"), 10u);
  EXPECT_EQ(verified().hours_compared, 1u);
}

TEST_F(Store, DropsExpiredDaysWholeADayAfterTheirArrivalAndKeepsTheRollup) {
  migrated();
  insert_requests(days{45}, 10);
  insert_requests(days{3}, 20);
  const auto dropped = drop_expired(*session_, now() + days{2});
  ASSERT_TRUE(dropped) << dropped.error().message;
  ASSERT_EQ(dropped->size(), 1u);
  EXPECT_EQ((*dropped)[0].rows, 10u);
  EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts)"), 20u);
  EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_metrics_hourly)"), 30u);
}

TEST_F(Store, AShorterRetentionRemovesWholePartsAtOnceWhileRollupsStay) {
  migrated();
  insert_requests(days{5}, 10);
  insert_requests(days{0}, 20);
  const std::uint64_t parts_before =
      count("(SELECT count() FROM system.parts WHERE table = 'performance_metrics_ts' AND active)");
  const auto dropped = set_retention(*session_, Family::kPerformance, Tier::kRaw, days{2});
  ASSERT_TRUE(dropped) << dropped.error().message;
  EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts)"), 20u);
  EXPECT_EQ(count("(SELECT count() FROM system.parts WHERE table = 'performance_metrics_ts' AND active)"),
            parts_before - 1);
  EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_metrics_hourly)"), 30u);
  const VerifyReport report = verified();
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.hours_past_retention, 1u);
  EXPECT_EQ(report.hours_compared, 1u);
}

TEST_F(Store, RetentionShowsWhatTheEngineHasAndAMismatchIsADisagreement) {
  migrated();
  ASSERT_TRUE(set_retention(*session_, Family::kCost, Tier::kRollup, days{1000}));
  const auto all = read_retention(*session_);
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2 * std::size(kFamilies));
  EXPECT_EQ((*all)[1].table, "cost_metrics_hourly");
  EXPECT_EQ((*all)[1].configured, days{1000});
  EXPECT_EQ((*all)[1].effective, days{1000});
  EXPECT_EQ((*all)[2].effective, days{30});
  run("ALTER TABLE optiinfra.cost_metrics_ts MODIFY TTL timestamp + toIntervalDay(7)");
  EXPECT_FALSE((*read_retention(*session_))[0].agrees());
  EXPECT_FALSE(verified().ok());
}

TEST_F(Store, RefusesRetentionOutsideItsLimitsAndRawRowsThatOutliveTheirRollup) {
  migrated();
  EXPECT_EQ(set_retention(*session_, Family::kCost, Tier::kRaw, days{0}).error().kind,
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(set_retention(*session_, Family::kCost, Tier::kRaw, kRetentionMax + days{1}).error().kind,
            ErrorKind::kInvalidArgument);
  const auto inverted = set_retention(*session_, Family::kCost, Tier::kRaw, days{800});
  ASSERT_FALSE(inverted);
  EXPECT_NE(inverted.error().message.find("longer than their rollup"), std::string::npos);
  EXPECT_TRUE((*read_retention(*session_))[0].agrees());
}

/// Inserts ten rows of the present hour again and again, until it is ended.
class Insertion {
 public:
  explicit Insertion(Connector& connector) {
    auto session = connector.connect();
    if (!session) throw std::runtime_error(session.error().message);
    thread_ = std::thread([this, session = std::move(*session)] {
      while (!stop_) {
        const auto done = session->execute(
            {.sql = "INSERT INTO optiinfra.cost_metrics_ts (timestamp, customer_id, cloud_provider, "
                    "cost_per_hour) SELECT now(), toUUID('550e8400-e29b-41d4-a716-446655440000'), 'aws', "
                    "1.5 FROM numbers(10)"});
        if (done) ++inserts_;
      }
    });
  }
  ~Insertion() { end(); }
  int inserts() const { return inserts_; }
  int end() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return inserts_;
  }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> inserts_ = 0;
  std::thread thread_;
};

TEST_F(Store, VerifyAgreesWhileOthersWriteToTheSameHourWithoutPause) {
  migrated();
  Insertion one(*connector_), two(*connector_);
  constexpr int kLooksMax = 100;
  for (int i = 0; i < 5 || (i < kLooksMax && std::min(one.inserts(), two.inserts()) <= 5); ++i)
    EXPECT_EQ(verified().hours_differing, 0u);
  EXPECT_GT(one.end(), 5);
  EXPECT_GT(two.end(), 5);
}

TEST_F(Store, VerifyFindsARowThatIsMissingInAnHourThatIsWrittenTo) {
  migrated();
  run("INSERT INTO optiinfra.cost_metrics_hourly (hour, customer_id, cloud_provider, sample_count, "
      "arrival_hour) "
      "SELECT toStartOfHour(now()), toUUID('550e8400-e29b-41d4-a716-446655440000'), 'aws', 1, now()");
  Insertion insertion(*connector_);
  const VerifyReport report = verified();
  EXPECT_GT(insertion.end(), 0);
  EXPECT_EQ(report.hours_differing, 1u);
}

TEST_F(Store, FinishingViewsGiveOneRowPerKeyAndHourBeforeAnyMerge) {
  migrated();
  run("SYSTEM STOP MERGES");
  for (int i = 0; i < 5; ++i) insert_requests(days{0}, 10);
  EXPECT_GT(count("(SELECT count() FROM optiinfra.performance_metrics_hourly)"), 1u);
  EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_hourly)"), 1u);
  EXPECT_EQ(count("(SELECT request_count FROM optiinfra.performance_hourly)"), 50u);
}

TEST_F(Store, HidesWhatTheContractDoesNotNameFromSelectStar) {
  migrated();
  std::size_t columns = 0;
  insert_requests(days{0}, 1);
  ASSERT_TRUE(
      session_->query({.sql = "SELECT * FROM optiinfra.performance_metrics_ts"}, [&](const Block& block) {
        columns = block.columns().size();
        return true;
      }));
  EXPECT_EQ(columns, table_of(Family::kPerformance).columns().size());
}

}  // namespace
}  // namespace optiinfra::store
