// Backups of an embedded store, taken while nobody and while a server holds it, killed, and made a store
// again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/small_disk.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ProgramResult;

constexpr const char* kCount =
    "SELECT (SELECT count() FROM performance_metrics_ts) AS raw, (SELECT toUInt64(sum(request_count)) FROM "
    "performance_hourly) AS hourly";

/// One store for all cases; each leaves it with more rows, or as it was.
class Backups : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    home_ = new Home;
    ASSERT_EQ(home_->run({"generate", "--rows", "2000", "--days", "3"}).exit_code, 0);
  }
  static void TearDownTestSuite() { delete home_; }

  static fs::path store() { return home_->store_folder(); }
  fs::path folder() const { return folder_ / "backups"; }

  static ProgramResult at(const fs::path& store, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--url", "embedded:" + store.string()});
    return home_->run(arguments);
  }

  /// Of a backup that succeeds.
  json back_up(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"backup", folder().string()});
    return home_->json(more)["data"];
  }

  /// Rows of requests, in the raw table and in the rollup.
  static std::string rows_of(const fs::path& store) {
    const auto counted = at(store, {"sql", kCount, "--output", "json"});
    EXPECT_EQ(counted.exit_code, 0) << counted.error_output;
    const json answer = json::parse(counted.output, nullptr, false);
    return counted.exit_code == 0 ? answer["data"][0].dump() : std::string();
  }

  /// Stores `rows` more requests, named by `first`, of six digits, and so on.
  void add_rows(int first, int rows) const {
    const fs::path file = folder_ / ("rows" + std::to_string(first) + ".csv");
    std::ofstream text(file);
    text << "timestamp,customer_id,service_id,model_name,request_id,latency_ms\n";
    for (int i = first; i < first + rows; ++i)
      text << format_time(now() - std::chrono::seconds{60 + i % 3000}) << "," << kSomeUuid << "," << kSomeUuid
           << ",m,00000000-0000-0000-0000-000000" << i << "," << i % 900 + 1 << "\n";
    text.close();
    const auto imported = home_->run({"import", "performance", file.string()});
    ASSERT_EQ(imported.exit_code, 0) << imported.error_output;
  }

  static Home* home_;
  const testing::TemporaryFolder folder_{testing::memory_folder()};
};

Home* Backups::home_ = nullptr;

TEST_F(Backups, HoldTheStoreAndAreOnlyRead) {
  const json backup = back_up();
  EXPECT_EQ(backup["ok"], true);
  EXPECT_GT(backup["hours_compared"], 10);
  const fs::path path = backup["path"].get<std::string>();
  EXPECT_GT(backup["parts"], 5);
  EXPECT_EQ(backup["parts_linked"], 0);
  EXPECT_EQ(rows_of(path), rows_of(store()));
  const auto refused = at(path, {"generate", "--rows", "10"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("is a backup"), HasSubstr("optiinfra restore")));
}

TEST_F(Backups, ShareWhatTheLatestOneHasAndAreWholeWithoutIt) {
  const json first = back_up({"--no-verify"});
  std::this_thread::sleep_for(std::chrono::seconds{1});  // Its name is a second.
  add_rows(100'000, 50);
  const json second = back_up({"--keep", "1"});
  EXPECT_EQ(second["ok"], true);
  EXPECT_GT(second["parts_linked"], 5);
  EXPECT_LT(second["parts_linked"], second["parts"]);
  EXPECT_LT(second["bytes"].get<std::uint64_t>() - second["bytes_linked"].get<std::uint64_t>(),
            second["bytes"].get<std::uint64_t>() / 2);
  EXPECT_FALSE(fs::exists(first["path"].get<std::string>())) << "--keep 1";
  EXPECT_EQ(rows_of(second["path"].get<std::string>()), rows_of(store()));
}

TEST_F(Backups, OfSeveralStoresInOneFolderAreKeptApart) {
  const std::string first = back_up({"--no-verify"})["path"];
  const fs::path other = folder_ / "other";
  ASSERT_EQ(at(other, {"init"}).exit_code, 0);
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const auto copied =
      at(other, {"backup", folder().string(), "--keep", "1", "--no-verify", "--output", "json"});
  ASSERT_EQ(copied.exit_code, 0) << copied.error_output;
  EXPECT_EQ(json::parse(copied.output)["data"]["parts_linked"], 0);
  EXPECT_TRUE(fs::exists(first)) << "--keep counts those of one store";
  const auto refused = at(folder_ / "restored", {"restore", folder().string()});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, HasSubstr("backups of several stores"));
}

TEST_F(Backups, HoldPartsThatAreSetAsideAndTheHoursThatCountThem) {
  const fs::path damaged = folder_ / "damaged", restored = folder_ / "restored";
  ASSERT_EQ(at(damaged, {"generate", "--rows", "500", "--days", "1"}).exit_code, 0);
  const auto count = [](const fs::path& store) { return json::parse(rows_of(store)); };
  const json before = count(damaged);
  ASSERT_EQ(
      at(damaged, {"sql", "--write", "ALTER TABLE optiinfra.performance_metrics_ts DETACH PARTITION ALL"})
          .exit_code,
      0);
  const auto copied = at(damaged, {"backup", folder().string(), "--output", "json"});
  EXPECT_EQ(copied.exit_code, 4) << "the store is not whole, nor is the backup";
  const auto made = at(restored, {"restore", folder().string(), "--output", "json"});
  EXPECT_EQ(made.exit_code, 4) << made.error_output;
  EXPECT_EQ(count(restored)["raw"], 0);
  EXPECT_EQ(count(restored)["hourly"], before["hourly"]) << "the last trace of the rows stays";
  const auto attached =
      at(restored, {"sql", "--write", "ALTER TABLE optiinfra.performance_metrics_ts ATTACH PARTITION ALL"});
  EXPECT_EQ(attached.exit_code, 0) << attached.error_output;
  EXPECT_EQ(count(restored)["raw"], before["raw"]);
}

TEST_F(Backups, BecomeAStoreThatTakesRows) {
  back_up({"--no-verify"});
  const fs::path restored = folder_ / "restored";
  const auto made = at(restored, {"restore", folder().string(), "--output", "json"});
  ASSERT_EQ(made.exit_code, 0) << made.error_output;
  EXPECT_EQ(rows_of(restored), rows_of(store()));
  EXPECT_EQ(at(restored, {"generate", "--rows", "10", "--seed", "9"}).exit_code, 0);
  EXPECT_EQ(at(restored, {"verify"}).exit_code, 0);
  const auto again = at(restored, {"restore", folder().string()});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.error_output, HasSubstr("exists and is not empty"));
}

TEST_F(Backups, DoNotCountAnImportedFileTwiceAfterwards) {
  add_rows(200'000, 40);
  back_up({"--no-verify"});
  const fs::path restored = folder_ / "restored";
  ASSERT_EQ(at(restored, {"restore", folder().string()}).exit_code, 0);
  const std::string before = rows_of(restored);
  const auto again = at(restored, {"import", "performance", (folder_ / "rows200000.csv").string()});
  EXPECT_EQ(again.exit_code, 0) << again.error_output;
  EXPECT_EQ(rows_of(restored), before);
}

TEST_F(Backups, OfAServedStoreHaveWhatWasStoredBefore) {
  testing::ServerProcess server(OPTIINFRA_PROGRAM, store());
  ASSERT_TRUE(server.is_ready()) << server.failure();
  std::atomic<int> stored = 0;
  // As many small inserts as the store takes, so that parts come, merge and go.
  std::jthread producer([&](const std::stop_token& stop) {
    for (int insert = 0; !stop.stop_requested(); ++insert) {
      json body = json::array();
      for (int i = 0; i < 20; ++i)
        body.push_back({{"timestamp", format_time(now() - std::chrono::seconds{i})},
                        {"customer_id", kSomeUuid},
                        {"service_id", kSomeUuid},
                        {"model_name", "served"},
                        {"latency_ms", 20 * insert + i}});
      const auto answer =
          testing::http_call(server.api_port(), {.method = "POST",
                                                 .target = "/api/v1/insert/performance?wait=stored",
                                                 .headers = {{"Content-Type", "application/json"}},
                                                 .body = body.dump()});
      if (answer.status == 200) stored += 20;
    }
  });
  while (stored < 100) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  std::vector<std::pair<int, fs::path>> taken;
  for (int i = 0; i < 2; ++i) {
    const int before = stored;
    const auto copied = home_->run({"backup", folder().string(), "--no-verify", "--output", "json"});
    ASSERT_EQ(copied.exit_code, 0) << copied.error_output;
    taken.emplace_back(before, json::parse(copied.output)["data"]["path"].get<std::string>());
    std::this_thread::sleep_for(std::chrono::milliseconds{1100});
  }
  producer.request_stop();
  producer.join();
  server.stop();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const fs::path restored = folder_ / ("restored" + std::to_string(i));
    const auto made = at(restored, {"restore", taken[i].second.string()});
    ASSERT_EQ(made.exit_code, 0) << made.error_output << made.output;
    const auto counted =
        at(restored, {"sql", "SELECT count() AS n FROM performance_metrics_ts WHERE model_name = 'served'",
                      "--output", "json"});
    const int rows = json::parse(counted.output)["data"][0]["n"];
    EXPECT_GE(rows, taken[i].first);
    EXPECT_LE(rows, stored);
    EXPECT_EQ(rows % 20, 0) << "an insert is there whole or not at all";
  }
}

TEST_F(Backups, ThatAreKilledLeaveNone) {
  back_up({"--no-verify"});
  int killed = 0;
  for (int wait_ms = 2; wait_ms < 42; wait_ms += 5) {
    const testing::TemporaryFolder other(testing::memory_folder());
    testing::Program program(Home::command({"backup", other.path().string(), "--no-verify"}),
                             home_->options());
    std::this_thread::sleep_for(std::chrono::milliseconds{wait_ms});
    program.send_signal(SIGKILL);
    const bool was_killed = program.wait().signal == SIGKILL;
    killed += was_killed ? 1 : 0;
    int whole = 0;
    for (const auto& entry : fs::directory_iterator(other.path())) {
      if (entry.path().extension() == ".unfinished") continue;
      ++whole;
      EXPECT_TRUE(fs::exists(entry.path() / "BACKUP"));
    }
    EXPECT_LE(whole, 1);
    const auto again = home_->run({"backup", other.path().string(), "--no-verify"});
    // The same second has the same name.
    EXPECT_TRUE(again.exit_code == 0 || whole == 1) << again.error_output;
    for (const auto& entry : fs::directory_iterator(other.path()))
      EXPECT_NE(entry.path().extension(), ".unfinished") << "what the killed one left is removed";
  }
  EXPECT_GT(killed, 0);
}

TEST_F(Backups, ThatFindNoRoomSaySoAndLeaveNothing) {
  const auto disk = testing::SmallDisk::create(testing::DiskKind::kTmpfs, 8 << 20);
  if (disk == nullptr) GTEST_SKIP() << "this account may not mount a disk";
  disk->fill(0);
  const auto refused = home_->run({"backup", (disk->path() / "backups").string()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr(disk->path().string()));
  disk->release();
  disk->fill(2 << 20);
  const auto small = home_->run({"backup", (disk->path() / "backups").string()});
  EXPECT_EQ(small.exit_code, 1);
  EXPECT_THAT(small.error_output, AllOf(HasSubstr("the copy needs"), HasSubstr("Nothing was copied")));
  EXPECT_TRUE(fs::is_empty(disk->path() / "backups"));
}

TEST_F(Backups, SayWhatTheyNeed) {
  const auto served = home_->run({"--url", "clickhouse://localhost/optiinfra", "backup", folder().string()});
  EXPECT_EQ(served.exit_code, 2);
  EXPECT_THAT(served.error_output, HasSubstr("BACKUP DATABASE"));
  const auto nothing =
      home_->run({"--url", "embedded:" + (folder_ / "none").string(), "backup", folder().string()});
  EXPECT_NE(nothing.exit_code, 0);
  EXPECT_THAT(nothing.error_output, HasSubstr("there is no store in"));
  const auto empty = at(folder_ / "new", {"restore", folder_.path().string()});
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_THAT(empty.error_output, HasSubstr("there is no backup in"));
}

}  // namespace
}  // namespace optiinfra::cli
