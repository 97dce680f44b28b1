// Stores with damaged files: what the program reports and repairs, and that no row is lost or counted
// twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/store/batch.hpp"
#include "optiinfra/store/reattach.hpp"
#include "optiinfra/store/restore.hpp"
#include "optiinfra/transport/folder_fault.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "store_under_test.hpp"

namespace optiinfra::store {
namespace {

using std::chrono::days;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kRowCount = "(SELECT count() FROM optiinfra.performance_metrics_ts)";
constexpr const char* kRolledUp = "(SELECT toUInt64(sum(request_count)) FROM optiinfra.performance_hourly)";

class Damage : public testing::MigratedStoreTest {
 protected:
  fs::path path_of(const std::string& sql) {
    const auto rows = query_texts(*session_, {.sql = sql});
    EXPECT_TRUE(rows && !rows->empty()) << sql;
    return rows && !rows->empty() ? fs::path((*rows)[0][0]) : fs::path("/nowhere");
  }
  fs::path table_folder(const std::string& table) {
    return path_of("SELECT data_paths[1] FROM system.tables WHERE database = 'optiinfra' AND name = '" +
                   table + "'");
  }
  fs::path definition(const std::string& name) {
    return store_path() / "engine" /
           path_of("SELECT metadata_path FROM system.tables WHERE database = 'optiinfra' AND name = '" +
                   name + "'");
  }
  fs::path part_of(const std::string& table, const std::string& day) {
    return path_of("SELECT path FROM system.parts WHERE active AND table = '" + table +
                   "' AND partition = '" + day + "'");
  }
  std::string day(int age) {
    return path_of("SELECT toString(today() - " + std::to_string(age) + ")").string();
  }

  void close() { session_.reset(); }
  void reopen() {
    close();
    open();
  }
  static void empty(const fs::path& file) { std::ofstream(file, std::ios::trunc).close(); }

  /// Sets the raw part of a day aside, as one failed read at a start does: whole.
  void set_aside(int age) { set_aside(part_of("performance_metrics_ts", day(age))); }
  void set_aside(const fs::path& part) {
    close();
    const fs::path named = part.has_filename() ? part : part.parent_path();
    // What it was merged from would take its place.
    const std::string partition =
        named.filename().string().substr(0, named.filename().string().find('_') + 1);
    for (const auto& entry : fs::directory_iterator(named.parent_path())) {
      if (entry.path() != named && entry.path().filename().string().starts_with(partition))
        fs::remove_all(entry.path());
    }
    fs::rename(named, named.parent_path() / "detached" / ("broken-on-start_" + named.filename().string()));
    open();
  }

  std::vector<ReattachedPart> reattached(UnreadablePart unreadable = UnreadablePart::kLeave) {
    auto parts = reattach_parts(*session_, unreadable);
    EXPECT_TRUE(parts) << parts.error().message;
    return parts ? *parts : std::vector<ReattachedPart>{};
  }

  VerifyReport repaired(RepairMode mode = RepairMode::kRollups) {
    auto report = verify(*session_, mode);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : VerifyReport{};
  }
};

TEST_F(Damage, OfEachDefinitionIsRestoredWhenTheStoreIsOpened) {
  insert_requests(days{1}, 100);
  for (const char* name :
       {"performance_metrics_ts", "performance_metrics_hourly", "performance_metrics_hourly_mv",
        "performance_hourly", "import_ledger", "schema_migrations"}) {
    for (const bool is_missing : {false, true}) {
      const bool is_view =
          std::string_view(name).ends_with("_mv") || std::string_view(name) == "performance_hourly";
      if (is_missing && is_view) continue;  // `init` makes views again: they have no rows.
      const fs::path file = definition(name);
      close();
      is_missing ? (void)fs::remove(file) : empty(file);
      open();
      EXPECT_EQ(take_faults_of_opening().size(), 1u) << name;
      EXPECT_EQ(count(kRowCount), 100u) << name;
      EXPECT_TRUE(verified().ok()) << name;
    }
  }
}

TEST_F(Damage, OfADefinitionWithoutACopyIsRepairedFromTheSchema) {
  insert_requests(days{1}, 100);
  run("DELETE FROM optiinfra.performance_metrics_hourly WHERE 1");
  EXPECT_EQ(repaired().repair.hours_rebuilt, 1u);
  insert_requests(days{1}, 100);  // Of a later generation than the schema's.
  const fs::path raw = definition("performance_metrics_ts"),
                 rollup = definition("performance_metrics_hourly");
  close();
  fs::remove(store_path() / "definitions");
  empty(raw);
  empty(rollup);
  open();
  EXPECT_EQ(take_faults_of_opening().size(), 2u);
  const auto migration = migrate(*session_);
  ASSERT_TRUE(migration) << migration.error().message;
  EXPECT_EQ(migration->restored.size(), 2u);
  insert_requests(days{1}, 100);
  EXPECT_EQ(count(kRowCount), 300u);
  EXPECT_TRUE(verified().ok());
  run("DELETE FROM optiinfra.performance_metrics_hourly WHERE 1");
  EXPECT_TRUE(repaired().ok());
  EXPECT_EQ(count(kRolledUp), 300u);
  reopen();
  EXPECT_EQ(count(kRowCount), 300u);
}

TEST_F(Damage, OfTheDatabaseHidesNoRows) {
  insert_requests(days{1}, 100);
  close();
  fs::remove(store_path() / "definitions");
  fs::remove(store_path() / "engine/metadata/optiinfra.sql");
  open();
  EXPECT_EQ(count(kRowCount), 100u);
  EXPECT_TRUE(verified().ok());
}

TEST_F(Damage, OfAMutationLeavesTheRowsThatItHadNotReached) {
  insert_requests(days{1}, 100);
  const fs::path folder = table_folder("performance_metrics_ts");
  close();
  std::ofstream(folder / "mutation_900.txt") << "format version: 1\ncreate time: 2026-11";
  open();
  EXPECT_EQ(count(kRowCount), 100u);
  EXPECT_TRUE(verified().ok());
}

TEST_F(Damage, OfADefinitionKeepsTheRetentionThatWasSet) {
  ASSERT_TRUE(set_retention(*session_, Family::kPerformance, Tier::kRollup, days{900}));
  ASSERT_TRUE(set_retention(*session_, Family::kPerformance, Tier::kRaw, days{800}));
  const fs::path file = definition("performance_metrics_ts");
  // The copy is of the moment after the change, not of the store's close.
  const fs::path copy = store_path() / "definitions", kept = folder_ / "kept";
  fs::copy_file(copy, kept);
  close();
  fs::copy_file(kept, copy, fs::copy_options::overwrite_existing);
  empty(file);
  open();
  EXPECT_TRUE(verified().ok());
}

TEST_F(Damage, RestoredFromAnOldCopyIsRepairedInEveryGeneration) {
  insert_requests(days{1}, 100);
  const fs::path copy = store_path() / "definitions", old = folder_ / "old";
  reopen();
  fs::copy_file(copy, old);
  for (int round = 0; round < 3; ++round) {
    run("DELETE FROM optiinfra.performance_metrics_hourly WHERE 1");
    EXPECT_EQ(repaired().repair.hours_rebuilt, 1u);
    insert_requests(days{1}, 100);  // Carries the generation that the repair has begun.
  }
  const fs::path file = definition("performance_metrics_ts");
  close();
  fs::copy_file(old, copy, fs::copy_options::overwrite_existing);
  empty(file);
  open();
  insert_requests(days{1}, 100);  // Carries the old generation again.
  EXPECT_TRUE(verified().ok());
  run("DELETE FROM optiinfra.performance_metrics_hourly WHERE 1");
  EXPECT_TRUE(repaired().ok());
  insert_requests(days{1}, 100);
  EXPECT_TRUE(verified().ok());
  EXPECT_EQ(count(kRolledUp), 600u);
}

TEST_F(Damage, OfARawPartIsNamedWithItsTableDayAndRows) {
  insert_requests(days{1}, 100);
  insert_requests(days{2}, 50);
  const std::string broken_day = day(1);
  const fs::path part = part_of("performance_metrics_ts", broken_day);
  close();
  empty(part / "checksums.txt");
  fs::resize_file(part / "data.bin", 10);
  open();
  const VerifyReport report = verified();
  EXPECT_FALSE(report.ok());
  ASSERT_EQ(report.set_aside.size(), 1u);
  EXPECT_EQ(report.set_aside[0].table, "performance_metrics_ts");
  EXPECT_EQ(report.set_aside[0].day, broken_day);
  EXPECT_EQ(report.set_aside[0].reason, "broken-on-start");
  EXPECT_EQ(report.set_aside[0].rows, 100u);
  EXPECT_THAT(describe_set_aside(report.set_aside), HasSubstr("100 rows are missing"));
}

TEST_F(Damage, OfARawPartIsNotErasedFromTheRollupByARepair) {
  insert_requests(days{1}, 100);
  insert_requests(days{2}, 50);
  set_aside(1);
  run("DELETE FROM optiinfra.performance_metrics_hourly WHERE toDate(hour) = today() - 2");
  const VerifyReport refused = repaired();
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(refused.repair.hours_rebuilt, 1u) << "the other day is repaired";
  EXPECT_EQ(refused.repair.hours_refused, 1u);
  ASSERT_EQ(refused.repair.refused.size(), 1u);
  EXPECT_EQ(refused.repair.refused[0].rows_before, 100u);
  EXPECT_EQ(refused.repair.refused[0].rows_after, 0u);
  EXPECT_EQ(count(kRolledUp), 150u);

  const VerifyReport accepted = repaired(RepairMode::kRollupsAcceptingLoss);
  EXPECT_EQ(accepted.repair.hours_rebuilt, 1u);
  EXPECT_EQ(accepted.hours_differing, 0u);
  EXPECT_FALSE(accepted.ok()) << "the part is still set aside";
  EXPECT_EQ(count(kRolledUp), 50u);
}

TEST_F(Damage, ThatWasOneFailedReadIsUndone) {
  insert_requests(days{1}, 100);
  insert_requests(days{2}, 50);
  set_aside(1);
  ASSERT_EQ(count(kRowCount), 50u);
  const auto parts = reattached();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].is_settled) << parts[0].outcome;
  EXPECT_EQ(parts[0].rows_returned, 100u);
  EXPECT_EQ(count(kRowCount), 150u);
  EXPECT_TRUE(verified().ok());
  reopen();
  EXPECT_TRUE(verified().ok());
  EXPECT_TRUE(reattached().empty());
}

TEST_F(Damage, UndoneCountsRowsOnceThatWereStoredAgainMeanwhile) {
  const auto insert = [&](const std::string& token, int rows) {
    run("INSERT INTO optiinfra.performance_metrics_ts (timestamp, customer_id, service_id, latency_ms) "
        "SETTINGS "
        "insert_deduplication_token = '" +
        token + "', deduplicate_insert = 'disable' SELECT toStartOfHour(now()) - toIntervalDay(1), " +
        "toUUID('550e8400-e29b-41d4-a716-446655440000'), toUUID('650e8400-e29b-41d4-a716-446655440000'), "
        "number + 1 FROM numbers(" +
        std::to_string(rows) + ")");
  };
  insert("one", 100);
  insert("two", 30);
  run("OPTIMIZE TABLE optiinfra.performance_metrics_ts FINAL");  // One part with both.
  set_aside(1);
  insert("two", 30);
  ASSERT_EQ(count(kRowCount), 30u);
  const auto parts = reattached();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].rows_returned, 100u) << parts[0].outcome;
  EXPECT_EQ(count(kRowCount), 130u);
  EXPECT_TRUE(repaired().ok());
  EXPECT_EQ(count(kRolledUp), 130u);
}

TEST_F(Damage, ThatIsRealStaysSetAsideUntilItsLossIsAccepted) {
  insert_requests(days{1}, 100);
  set_aside(1);
  const VerifyReport report = verified();
  ASSERT_EQ(report.set_aside.size(), 1u);
  const fs::path data = fs::path(report.set_aside[0].path) / "data.bin";
  ASSERT_TRUE(fs::exists(data));
  {
    std::fstream file(data, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60);
    file.put('X');
    file.put('Y');
  }
  auto parts = reattached();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_FALSE(parts[0].is_settled);
  EXPECT_THAT(parts[0].outcome, HasSubstr("damaged"));
  EXPECT_EQ(verified().set_aside.size(), 1u);
  EXPECT_EQ(count(kRowCount), 0u);

  parts = reattached(UnreadablePart::kPutAway);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].is_settled);
  EXPECT_TRUE(verified().set_aside.empty());
  EXPECT_FALSE(fs::is_empty(store_path() / "set-aside"));
  EXPECT_TRUE(repaired().ok());
}

TEST_F(Damage, OfARollupPartIsRepairedFromRawRowsAndNothingIsCountedTwice) {
  insert_requests(days{1}, 100);
  set_aside(path_of("SELECT path FROM system.parts WHERE active AND table = 'performance_metrics_hourly'"));
  EXPECT_EQ(repaired().repair.hours_rebuilt, 1u) << "raw rows are whole, so nothing is refused";
  const auto parts = reattached();
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].is_settled) << parts[0].outcome;
  EXPECT_EQ(count(kRolledUp), 100u);
  EXPECT_TRUE(repaired().ok());
}

TEST_F(Damage, OfDroppedObjectsIsNamedByVerifyAndRestoredByMigrate) {
  insert_requests(days{1}, 100);
  for (const char* view : {"performance_hourly", "performance_metrics_hourly_mv"}) {
    run(std::string("DROP VIEW optiinfra.") + view + " SYNC");
    const VerifyReport report = verified();
    EXPECT_FALSE(report.ok());
    ASSERT_EQ(report.schema_faults.size(), 1u);
    EXPECT_EQ(report.schema_faults[0], std::string(view) + " is missing; run: optiinfra init");
    const auto migration = migrate(*session_);
    ASSERT_TRUE(migration) << migration.error().message;
    ASSERT_EQ(migration->restored.size(), 1u);
    EXPECT_THAT(migration->restored[0], HasSubstr(view));
    EXPECT_TRUE(verified().ok());
  }
  for (const char* table : {"performance_metrics_hourly", "performance_metrics_ts"}) {
    run(std::string("DROP TABLE optiinfra.") + table);
    EXPECT_FALSE(verified().ok());
    migrated();
    EXPECT_EQ(count(kRowCount), 100u) << "a table that was dropped just now comes back with its rows";
    EXPECT_TRUE(verified().ok());
  }
  run("DROP TABLE optiinfra.performance_metrics_hourly SYNC");
  migrated();
  EXPECT_FALSE(verified().ok());
  EXPECT_TRUE(repaired().ok());
  EXPECT_EQ(count(kRolledUp), 100u);
  EXPECT_TRUE(migrate(*session_)->restored.empty());
}

TEST_F(Damage, OfAnInsertWithoutItsViewIsRepairedOnceTheViewIsBack) {
  run("DROP VIEW optiinfra.performance_metrics_hourly_mv SYNC");
  insert_requests(days{1}, 100);
  migrated();
  EXPECT_EQ(verified().hours_differing, 1u);
  EXPECT_TRUE(repaired().ok());
  EXPECT_EQ(count(kRolledUp), 100u);
}

TEST_F(Damage, OfAnAlteredViewIsRestored) {
  insert_requests(days{1}, 100);
  run("CREATE OR REPLACE VIEW optiinfra.performance_hourly AS SELECT hour, customer_id, 2 AS request_count "
      "FROM "
      "optiinfra.performance_metrics_hourly");
  run("ALTER TABLE optiinfra.performance_metrics_hourly_mv MODIFY QUERY SELECT toStartOfHour(timestamp) AS "
      "hour, "
      "customer_id, service_id, service_type, model_name, toUInt64(2 * count()) AS request_count FROM "
      "optiinfra.performance_metrics_ts GROUP BY hour, customer_id, service_id, service_type, model_name");
  EXPECT_EQ(verified().schema_faults.size(), 2u);
  const auto migration = migrate(*session_);
  ASSERT_TRUE(migration) << migration.error().message;
  EXPECT_EQ(migration->restored.size(), 2u);
  insert_requests(days{1}, 100);
  EXPECT_TRUE(verified().ok());
  EXPECT_EQ(count(kRolledUp), 200u);
}

TEST_F(Damage, ThatIsAnotherKindOfObjectIsRefused) {
  run("DROP VIEW optiinfra.performance_hourly SYNC");
  run("CREATE TABLE optiinfra.performance_hourly (a UInt8) ENGINE = MergeTree ORDER BY a");
  const auto migration = migrate(*session_);
  ASSERT_FALSE(migration);
  EXPECT_THAT(migration.error().message, HasSubstr("performance_hourly is a MergeTree"));
}

TEST_F(Damage, IsFoundInAFolderWithoutTheEngine) {
  insert_requests(days{1}, 100);
  const fs::path file = definition("performance_metrics_ts"), table = table_folder("performance_metrics_ts");
  close();
  const auto healthy = examine_folder(store_path(), FolderRepair::kNone);
  ASSERT_TRUE(healthy) << healthy.error().message;
  EXPECT_TRUE(healthy->empty());
  empty(file);
  fs::create_directories(table / "tmp_insert_20260101_1_1_0");
  fs::create_directories(store_path() / "engine/store/abc/abc00000-0000-0000-0000-000000000000");
  for (const auto repair : {FolderRepair::kNone, FolderRepair::kRepair}) {
    const auto faults = examine_folder(store_path(), repair);
    ASSERT_TRUE(faults) << faults.error().message;
    EXPECT_EQ(faults->size(), 3u);
    for (const FolderFault& each : *faults) EXPECT_EQ(each.is_repaired, repair == FolderRepair::kRepair);
  }
  const auto repaired_folder = examine_folder(store_path(), FolderRepair::kNone);
  ASSERT_TRUE(repaired_folder);
  EXPECT_TRUE(repaired_folder->empty());
  open();
  EXPECT_EQ(count(kRowCount), 100u);
}

}  // namespace
}  // namespace optiinfra::store
