// What the engine does to an insert when it fails half-way, what the caller sees, and which recovery
// leaves every row once: docs/reliability.md, "Engine faults".
#include <filesystem>
#include <fstream>

#include "kill_case.hpp"
#include "optiinfra/testing/program.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;

class EngineFault : public testing::SessionTest {
 protected:
  void SetUp() override {
    SessionTest::SetUp();
    if (HasFatalFailure()) return;
    run("CREATE TABLE raw (key UInt32, value UInt64) ENGINE = MergeTree ORDER BY key "
        "SETTINGS non_replicated_deduplication_window = 100");
    run("CREATE TABLE rollup (key UInt32, total SimpleAggregateFunction(sum, UInt64)) ENGINE = "
        "AggregatingMergeTree ORDER BY key SETTINGS non_replicated_deduplication_window = 100");
    run("CREATE MATERIALIZED VIEW rollup_mv TO rollup AS SELECT key, sum(value) AS total FROM raw GROUP BY "
        "key");
  }

  Result<InsertSummary> insert(const std::string& token, std::vector<NamedValue> more = {}) {
    InsertStatement statement = kill_case_statement(token);
    for (auto& setting : more) statement.settings.push_back(std::move(setting));
    return session_->insert(statement, kill_case_block());
  }

  /// Rows of the raw table and total of the rollup: "2 3" is one insert stored once.
  std::string state() {
    std::string text = ask("SELECT (SELECT count() FROM raw), (SELECT sum(total) FROM rollup)");
    return text.substr(0, text.find('\n'));
  }

  void expect_fault(const Result<InsertSummary>& inserted, ErrorKind kind, int server_code) {
    ASSERT_FALSE(inserted);
    EXPECT_EQ(inserted.error().kind, kind) << inserted.error().message;
    EXPECT_EQ(inserted.error().server_code, server_code) << inserted.error().message;
    EXPECT_EQ(inserted.error().applied, Applied::kUnknown);
    EXPECT_TRUE(inserted.error().connection_usable);
  }
};

TEST_F(EngineFault, OfTheRollupsViewLeavesTheRawPartAndTheRetryFillsTheRollupAlone) {
  run("ALTER TABLE rollup_mv MODIFY QUERY SELECT key, sum(value + throwIf(1, 'broken')) AS total FROM raw "
      "GROUP BY key");
  expect_fault(insert("one"), ErrorKind::kRejected, 395);
  EXPECT_EQ(state(), "2\t0");
  run("ALTER TABLE rollup_mv MODIFY QUERY SELECT key, sum(value) AS total FROM raw GROUP BY key");
  ASSERT_TRUE(insert("one"));
  EXPECT_EQ(state(), "2\t3");
}

TEST_F(EngineFault, OfAnotherViewLeavesTheRowsStoredAndTheRetryChangesNothing) {
  run("CREATE TABLE broken (a UInt8) ENGINE = MergeTree ORDER BY a");
  run("CREATE MATERIALIZED VIEW broken_view TO broken AS SELECT throwIf(value > 0, 'broken') AS a FROM raw");
  expect_fault(insert("one"), ErrorKind::kRejected, 395);
  run("DROP VIEW broken_view SYNC");
  ASSERT_TRUE(insert("one"));
  EXPECT_EQ(state(), "2\t3");
}

TEST_F(EngineFault, OfTooManyPartsStoresNothingAndEndsWithTheMerge) {
  ASSERT_TRUE(insert("before"));
  for (const std::string table : {"raw", "rollup"}) {
    run("ALTER TABLE " + table +
        " MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1, max_delay_to_insert = 1");
    const std::string before = state();
    const auto inserted = insert("one " + table);
    ASSERT_FALSE(inserted);
    EXPECT_EQ(inserted.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(inserted.error().server_code, 252);
    // Whether the engine says so before it takes rows or after is chance; it has stored none.
    EXPECT_EQ(state(), before);
    run("ALTER TABLE " + table +
        " RESET SETTING parts_to_throw_insert, parts_to_delay_insert, max_delay_to_insert");
    ASSERT_TRUE(insert("one " + table));
  }
  EXPECT_EQ(state(), "6\t9");
}

TEST_F(EngineFault, OfMemoryEndsWhenThereIsSome) {
  expect_fault(insert("one", {{"max_memory_usage", "1000"}}), ErrorKind::kUnavailable, 241);
  ASSERT_TRUE(insert("one"));
  EXPECT_EQ(state(), "2\t3");
}

TEST_F(EngineFault, OfAPoisonedLogIsNotSeenByTheCaller) {
  ASSERT_TRUE(insert("one"));
  std::string part = ask("SELECT path FROM system.parts WHERE table = 'raw' AND active");
  session_.reset();
  fs::remove_all(part.substr(0, part.find('\n') - 1));
  auto opened = open("embedded:" + (folder_ / "store").string());
  ASSERT_TRUE(opened) << opened.error().message;
  session_ = std::move(opened).value();
  const auto repeated = insert("one");
  ASSERT_TRUE(repeated) << "the engine believes its log";
  EXPECT_EQ(state(), "0\t3");
  // Only a look at the rows tells: store/batch.hpp.
  ASSERT_TRUE(insert("one", {{"deduplicate_insert", "disable"}}));
  EXPECT_EQ(state(), "2\t6") << "the raw table is whole, and the rollup is to be rebuilt";
}

TEST_F(EngineFault, OfTheLogsDiskIsAnErrorUntilTheStoreIsOpenedAgain) {
  session_.reset();
  const auto result = testing::run_program(
      {OPTIINFRA_TRANSPORT_CHILD, "insert_past_log_failure", (folder_ / "store").string(), "-"},
      {.environment = {"LD_PRELOAD=" OPTIINFRA_DISK_CALLS, "OPTIINFRA_FAIL_LOG_WRITE=1",
                       "OPTIINFRA_CALLS=" + (folder_ / "calls").string()}});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output,
            "storage unknown broken\nstorage unknown broken\nstorage unknown broken\n"
            "stored\nstored\nstored\n");
  std::ifstream calls(folder_ / "calls");
  const std::string text(std::istreambuf_iterator<char>(calls), {});
  EXPECT_NE(text.find("failed write"), std::string::npos) << "the fault did not fire";
  auto opened = open("embedded:" + (folder_ / "store").string());
  ASSERT_TRUE(opened) << opened.error().message;
  session_ = std::move(opened).value();
  EXPECT_EQ(state(), "6\t6")
      << "the bare retry stores the first insert's raw rows twice: its outcome was unknown";
}

}  // namespace
}  // namespace optiinfra
