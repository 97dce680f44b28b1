// A repair is killed before and after every rename and within every record of the deduplication logs. The
// next verification finds what it leaves, and the next repair completes it.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "optiinfra/testing/program.hpp"
#include "store_under_test.hpp"

namespace optiinfra::store {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

constexpr int kPointsMax = 1'000;
/// One of so many points is tried; OPTIINFRA_KILL_EVERY=1 tries all.
constexpr int kEvery = 7;

class KilledRepair : public testing::MigratedStoreTest {
 protected:
  void SetUp() override {
    MigratedStoreTest::SetUp();
    if (HasFatalFailure()) return;
    insert_requests(days{2}, 30);
    insert_requests(days{1}, 20);
    insert_requests(days{0}, 10);
    run("DELETE FROM optiinfra.performance_metrics_hourly WHERE toDate(hour) = today() - 1");
    run("INSERT INTO optiinfra.performance_metrics_hourly SELECT * FROM optiinfra.performance_metrics_hourly "
        "WHERE toDate(hour) = today() - 2 SETTINGS deduplicate_insert = 'disable'");
    session_.reset();
  }

  /// Repairs a copy of the store in a child that is killed at point `at`. True when it was.
  bool repair_killed_at(int at, const fs::path& store) {
    fs::remove_all(store);
    fs::copy(store_path(), store, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    const auto result = testing::run_program(
        {OPTIINFRA_STORE_CHILD, "repair", store.string()},
        {.environment = {"LD_PRELOAD=" OPTIINFRA_KILL_POINTS, "OPTIINFRA_KILL_AT=" + std::to_string(at)}});
    if (result.signal == SIGKILL && !result.timed_out) return true;
    EXPECT_EQ(result.exit_code, 0) << "at point " << at << ": " << result.error_output;
    return false;
  }

  /// Repairs again. Gives how many hours that took.
  std::uint64_t repair_again(const fs::path& store) {
    auto connector = *make_connector("embedded:" + store.string(), IfAbsent::kFail);
    auto session = connector->connect();
    EXPECT_TRUE(session) << session.error().message;
    if (!session) return 0;
    session_ = std::move(session).value();
    const auto report = verify(*session_, RepairMode::kRollups);
    EXPECT_TRUE(report) << report.error().message;
    EXPECT_TRUE(verified().ok());
    EXPECT_EQ(count("(SELECT sum(request_count) FROM optiinfra.performance_hourly)"), 60u);
    EXPECT_EQ(count("(SELECT count() FROM optiinfra.performance_metrics_ts)"), 60u);
    session_.reset();
    return report ? report->repair.hours_rebuilt : 0;
  }
};

TEST_F(KilledRepair, IsCompletedByTheNext) {
  const char* const chosen = std::getenv("OPTIINFRA_KILL_EVERY");
  const int every = chosen != nullptr ? std::atoi(chosen) : kEvery;
  const fs::path store = folder_ / "killed";
  int kills = 0, unfinished = 0;
  int at = 1;
  for (; at < kPointsMax && repair_killed_at(at, store); at += every) {
    ++kills;
    if (repair_again(store) > 0) ++unfinished;
    if (HasFailure()) FAIL() << "killed at point " << at;
  }
  std::cout << kills << " kills fired, " << unfinished << " left hours to repair\n";
  EXPECT_GT(unfinished, 0);
  EXPECT_LT(at, kPointsMax);
  EXPECT_EQ(repair_again(store), 0u) << "not killed at all";
}

}  // namespace
}  // namespace optiinfra::store
