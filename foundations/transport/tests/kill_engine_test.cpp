// An insert with a token, killed at every point where the engine's records and its parts can differ,
// then repeated: rows and rollup must hold it exactly once. See kill_points.cpp for the points.
#include <gtest/gtest.h>

#include <iostream>

#include "kill_case.hpp"
#include "optiinfra/testing/program.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;

constexpr int kPointsMax = 500;

class KilledInsert : public testing::SessionTest {
 protected:
  void SetUp() override {
    SessionTest::SetUp();
    if (HasFatalFailure()) return;
    run("CREATE TABLE raw (key UInt32, value UInt64) ENGINE = MergeTree ORDER BY key "
        "SETTINGS non_replicated_deduplication_window = 100");
    run("CREATE TABLE rollup (key UInt32, total SimpleAggregateFunction(sum, UInt64)) ENGINE = "
        "AggregatingMergeTree "
        "ORDER BY key SETTINGS non_replicated_deduplication_window = 100");
    run("CREATE MATERIALIZED VIEW rollup_mv TO rollup AS SELECT key, sum(value) AS total FROM raw GROUP BY "
        "key");
    ASSERT_TRUE(session_->insert(kill_case_statement("before"), kill_case_block()));
    session_.reset();
  }

  /// Runs the insert in a child that is killed at point `at`. True when it was.
  bool insert_killed_at(int at, const fs::path& store) {
    fs::remove_all(store);
    fs::copy(folder_ / "store", store, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const auto result = testing::run_program(
        {OPTIINFRA_TRANSPORT_CHILD, "insert_once", store.string(), "token"},
        {.environment = {"LD_PRELOAD=" OPTIINFRA_KILL_POINTS, "OPTIINFRA_KILL_AT=" + std::to_string(at)}});
    if (result.signal == SIGKILL && !result.timed_out) return true;
    EXPECT_EQ(result.exit_code, 0) << "at point " << at << ": " << result.error_output;
    return false;
  }

  /// Opens the store, inserts again with the same token, and gives rows and rollup: "4 6" is once each
  /// in addition to what was there before.
  std::string after_retry(const fs::path& store) {
    auto opened = open("embedded:" + store.string(), IfAbsent::kFail);
    if (!opened) return opened.error().message;
    session_ = std::move(opened).value();
    const auto inserted = session_->insert(kill_case_statement("token"), kill_case_block());
    std::string state = inserted ? ask("SELECT (SELECT count() FROM raw), (SELECT sum(total) FROM rollup)")
                                 : inserted.error().message;
    session_.reset();
    return state;
  }
};

TEST_F(KilledInsert, RepeatedAfterAReopenIsStoredExactlyOnce) {
  const fs::path store = folder_ / "killed";
  int kills = 0;
  while (kills < kPointsMax && insert_killed_at(kills + 1, store)) {
    ++kills;
    EXPECT_EQ(after_retry(store), "4\t6\n") << "killed at point " << kills;
  }
  std::cout << kills << " kills fired\n";
  EXPECT_GT(kills, 0);
  EXPECT_LT(kills, kPointsMax);
  EXPECT_EQ(after_retry(store), "4\t6\n") << "not killed at all";
}

// Shows that the test above can fail: the engine alone loses rows. An engine for which this no longer
// holds needs another repair.
TEST_F(KilledInsert, IsLostByTheEngineAloneWithoutTheRepair) {
  const fs::path store = folder_ / "killed";
  int wrong = 0;
  for (int at = 1; at < kPointsMax && insert_killed_at(at, store); ++at) {
    fs::remove(store / "unclean");  // Hides the kill from the program.
    if (after_retry(store) != "4\t6\n") ++wrong;
  }
  std::cout << wrong << " kills lost rows\n";
  EXPECT_GT(wrong, 0);
}

}  // namespace
}  // namespace optiinfra
