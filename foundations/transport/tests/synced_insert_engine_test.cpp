// An insert by the calls that it makes before it is acknowledged.
#include <algorithm>
#include <fstream>

#include "optiinfra/testing/program.hpp"
#include "session.hpp"

namespace optiinfra {
namespace {

using Calls = std::vector<std::string>;

class SyncedInsert : public testing::SessionTest {
 protected:
  void make_tables(const std::string& settings) {
    const std::string all = " SETTINGS non_replicated_deduplication_window = 100" + settings;
    run("CREATE TABLE raw (key UInt32, value UInt64) ENGINE = MergeTree ORDER BY key" + all);
    run("CREATE TABLE rollup (key UInt32, total SimpleAggregateFunction(sum, UInt64)) ENGINE = "
        "AggregatingMergeTree ORDER BY key" +
        all);
    run("CREATE MATERIALIZED VIEW rollup_mv TO rollup AS SELECT key, sum(value) AS total FROM raw GROUP BY "
        "key");
    for (const char* table : {"raw", "rollup"}) {
      std::string path = ask(std::string("SELECT data_paths[1] FROM system.tables WHERE database = "
                                         "currentDatabase() AND name = '") +
                             table + "'");
      folders_.push_back(path.substr(0, path.find_last_not_of("/\n") + 1));
    }
    session_.reset();
  }

  /// The calls of a child's insert, from its begin to its acknowledgement.
  Calls insert_calls(const std::string& role, const std::string& token) {
    const std::string file = (folder_ / token).string();
    const auto result = testing::run_program(
        {OPTIINFRA_TRANSPORT_CHILD, role, (folder_ / "store").string(), token, file},
        {.environment = {"LD_PRELOAD=" OPTIINFRA_DISK_CALLS, "OPTIINFRA_CALLS=" + file}});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    std::ifstream input(file);
    Calls calls;
    bool between = false;
    for (std::string line; std::getline(input, line) && line != "-- acknowledged";) {
      if (between) calls.push_back(line);
      between |= line == "-- begin";
    }
    EXPECT_TRUE(between);
    return calls;
  }

  /// Position of the last call that begins with `start`, or -1.
  static long last(const Calls& calls, const std::string& start) {
    const auto found = std::find_if(calls.rbegin(), calls.rend(),
                                    [&](const std::string& call) { return call.starts_with(start); });
    return calls.rend() - found - 1;
  }

  std::vector<std::string> folders_;  ///< Of the raw table and the rollup.
};

TEST_F(SyncedInsert, SyncsPartsThenRecordsAndNamesOfBothTables) {
  make_tables(", fsync_after_insert = 1, fsync_part_directory = 1");
  const Calls calls = insert_calls("insert_noted", "one");
  for (const std::string& folder : folders_) {
    const long renamed = last(calls, "rename " + folder), written = last(calls, "write " + folder);
    ASSERT_GE(renamed, 0) << "the insert wrote no part below " << folder;
    ASSERT_GE(written, 0);
    EXPECT_LT(last(calls, "sync " + folder + "/tmp_insert_"), written);
    EXPECT_GE(last(calls, "sync " + folder + "/tmp_insert_"), 0);
    EXPECT_GT(last(calls, "sync " + folder + "/deduplication_logs/deduplication_log_"), written);
    EXPECT_GT(std::find(calls.begin() + renamed, calls.end(), "sync " + folder) - calls.begin(), renamed);
    EXPECT_NE(std::find(calls.begin() + renamed, calls.end(), "sync " + folder), calls.end());
  }
}

TEST_F(SyncedInsert, ThatIsARepetitionSyncsNothingAnew) {
  make_tables("");
  EXPECT_FALSE(insert_calls("insert_noted", "one").empty());
  const Calls calls = insert_calls("insert_noted_twice", "two");
  EXPECT_EQ(std::count_if(calls.begin(), calls.end(),
                          [](const std::string& call) { return call.starts_with("sync "); }),
            0);
}

TEST_F(SyncedInsert, WhoseSyncFailsIsOfUnknownOutcomeUntilTheStoreIsOpenedAnew) {
  make_tables("");
  const auto result = testing::run_program(
      {OPTIINFRA_TRANSPORT_CHILD, "insert_past_sync_failure", (folder_ / "store").string(), "one", "-"},
      {.environment = {"LD_PRELOAD=" OPTIINFRA_DISK_CALLS, "OPTIINFRA_FAIL_SYNC=deduplication_log_1.txt"}});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output,
            "storage unknown usable\n"    // The insert whose sync failed,
            "storage unknown usable\n"    // the next one: nobody can tell what reached the disk,
            "storage unknown usable\n");  // and after a new start, where the disk still fails.
}

}  // namespace
}  // namespace optiinfra
