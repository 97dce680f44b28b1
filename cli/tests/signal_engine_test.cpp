// Programs that are stopped by a signal while they work, and the collector, which ends in no other way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;

/// A program that is sent signals while it works.
class Interrupted : public ::testing::Test {
 protected:
  /// Waits for the program to hold the store, so that its signal handlers are in place.
  bool wait_until_open() const {
    for (int i = 0; i < 300; ++i) {
      if (!home.store_is_clean()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return false;
  }

  void expect_all_rows_stored(const testing::ProgramResult& result) const {
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    EXPECT_TRUE(home.store_is_clean());
    const auto report = nlohmann::json::parse(result.output)["data"];
    EXPECT_GE(report["samples"], 1);
    const auto counted =
        home.json({"sql", "SELECT count() AS n FROM optiinfra.resource_metrics_ts WHERE instance_id = 'x'"});
    EXPECT_EQ(counted["data"][0]["n"], report["rows_stored"]);
  }

  Home home;
};

TEST_F(Interrupted, CollectorStoresItsRowsAndClosesOnASignal) {
  ASSERT_EQ(home.run({"init"}).exit_code, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    testing::Program program(
        Home::command({"collect", "host", "--customer", kSomeUuid, "--instance", "x", "--output", "json"}),
        home.options());
    ASSERT_TRUE(wait_until_open());
    std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    program.send_signal(signal);
    const auto result = program.wait();
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    if (signal == SIGINT) expect_all_rows_stored(result);
  }
}

TEST_F(Interrupted, ImportIsFinishedByTheSameCommand) {
  ASSERT_EQ(home.run({"init"}).exit_code, 0);
  const std::string path = (home / "cost.csv").string();
  {
    std::ofstream file(path);
    file << "timestamp,customer_id,cloud_provider,cost_per_hour\n";
    for (int i = 0; i < 300'000; ++i)
      file << "2026-01-01 00:00:00," << kSomeUuid << ",aws," << i % 97 << "\n";
  }
  testing::Program program(Home::command({"import", "cost", path}), home.options());
  ASSERT_TRUE(wait_until_open());
  program.send_signal(SIGINT);
  const auto interrupted = program.wait();
  EXPECT_EQ(interrupted.exit_code, 130) << interrupted.error_output;
  EXPECT_THAT(interrupted.error_output, HasSubstr("the same command again stores the rest"));
  EXPECT_TRUE(home.store_is_clean());
  EXPECT_EQ(home.json({"import", "cost", path})["data"]["summary"]["rows_refused"], 0);
  const auto counted = home.json({"sql", "SELECT count() AS n FROM optiinfra.cost_metrics_ts"});
  EXPECT_EQ(counted["data"][0]["n"], 300'000);
}

TEST(Collecting, TakesASampleEachInterval) {
  const Home home;
  ASSERT_EQ(home.run({"init"}).exit_code, 0);
  const auto report = home.json(
      {"collect", "host", "--customer", kSomeUuid, "--instance", "x", "--interval", "1s", "--for", "3s"});
  EXPECT_EQ(report["data"]["samples"], 3);
}

TEST_F(Interrupted, GenerationIsFinishedByTheSameCommand) {
  const std::vector<std::string> command = {"generate", "--rows",     "3000000",  "--days", "2",
                                            "--end",    "2026-02-01", "--output", "json"};
  testing::Program program(Home::command(command), home.options());
  ASSERT_TRUE(wait_until_open());
  program.send_signal(SIGINT);
  const auto interrupted = program.wait();
  EXPECT_EQ(interrupted.exit_code, 130) << interrupted.error_output;
  EXPECT_THAT(interrupted.error_output,
              HasSubstr("optiinfra generate --days 2 --rows 3000000 --seed 1 --end 2026-02-01T00:00:00Z"));
  EXPECT_TRUE(home.store_is_clean());
  EXPECT_EQ(home.run(command).exit_code, 0);
  const auto counted = home.json(
      {"sql",
       "SELECT sum(total_rows) AS n FROM system.tables WHERE database = 'optiinfra' AND name LIKE '%_ts'"});
  EXPECT_EQ(counted["data"][0]["n"], 3'000'000);
}

}  // namespace
}  // namespace optiinfra::cli
