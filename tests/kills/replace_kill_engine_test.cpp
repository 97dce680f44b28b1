// A delivery that replaces an earlier one is killed before its n-th call that changes the disk. The same
// command completes it, or the next delivery of that name does; other rows of the same hours are as they
// were.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "kill_lane.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Json = nlohmann::json;

/// Points that `./check` tries; OPTIINFRA_KILLS sets another number.
constexpr int kReplacePoints = 3;

class KilledDelivery : public ::testing::Test {
 protected:
  void SetUp() override {
    write_bill("others.csv", 36, "5");
    write_bill("first.csv", 24, "1");
    write_bill("second.csv", 36, "1.1");
    write_bill("third.csv", 30, "2");
    ASSERT_EQ(run(origin(), {"init"}).exit_code, 0);
    ASSERT_EQ(import(origin(), {"others.csv"}).exit_code, 0);
    ASSERT_EQ(import(origin(), {"--delivery", "november", "first.csv"}).exit_code, 0);
  }

  fs::path origin() const { return folder_ / "origin"; }

  /// One line an hour, on three days.
  void write_bill(const std::string& name, int rows, const std::string& cost) const {
    std::ofstream file(folder_ / name);
    file << "timestamp,customer_id,cloud_provider,service_name,cost_per_hour\n";
    const sys_seconds begin = floor_hour(now()) - std::chrono::hours{60};
    for (int i = 0; i < rows; ++i)
      file << format_time(begin + std::chrono::hours{i}) << ",11111111-1111-4111-8111-111111111111,aws,ec2,"
           << cost << "\n";
  }

  testing::ProgramResult import(const fs::path& store, Words words, const Words& environment = {}) const {
    words.back() = (folder_ / words.back()).string();
    words.insert(words.begin(), {"import", "cost"});
    return run(store, std::move(words), environment);
  }

  static testing::ProgramResult run(const fs::path& store, Words words, const Words& environment = {}) {
    words.insert(words.begin(), OPTIINFRA_PROGRAM);
    words.insert(words.end(), {"--url", "embedded:" + store.string(), "-q"});
    return testing::run_program(words, {.environment = environment});
  }

  static Json json(const fs::path& store, Words words) {
    words.insert(words.end(), {"--output", "json"});
    const auto result = run(store, words);
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    return Json::parse(result.output, nullptr, false);
  }

  /// Delivers again in a copy of the store, killed before call `at`; 0: not at all.
  testing::ProgramResult deliver_killed(const fs::path& store, long at) const {
    fs::remove_all(store);
    fs::copy(origin(), store, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    report_.reset();
    return import(
        store, {"--delivery", "november", "second.csv"},
        {"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
         "OPTIINFRA_KILL_AT=" + std::to_string(at)});
  }

  /// Delivers `file`, with `rows` lines of `cost`, and compares.
  void complete(const fs::path& store, const std::string& file, int rows, double cost) const {
    const auto done = import(store, {"--delivery", "november", file});
    ASSERT_EQ(done.exit_code, 0) << done.error_output;
    const Json sums =
        json(store, {"sql",
                     "SELECT (SELECT count() FROM optiinfra.cost_metrics_ts) AS raw_rows, "
                     "(SELECT sum(cost_per_hour) FROM optiinfra.cost_metrics_ts) AS raw_cost, "
                     "(SELECT sum(sample_count) FROM optiinfra.cost_hourly) AS hourly_rows, "
                     "(SELECT sum(total_cost) FROM optiinfra.cost_hourly) AS hourly_cost"})["data"][0];
    const auto number = [&](const char* name) {
      return sums[name].is_string() ? std::stod(sums[name].get<std::string>()) : sums[name].get<double>();
    };
    EXPECT_EQ(number("raw_rows"), 36 + rows);
    EXPECT_EQ(number("hourly_rows"), 36 + rows);
    EXPECT_NEAR(number("raw_cost"), 180 + rows * cost, 1e-9);
    EXPECT_NEAR(number("hourly_cost"), 180 + rows * cost, 1e-9);
    const auto verified = run(store, {"verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
    int deliveries = 0;
    const Json imports = json(store, {"imports", "list"});
    for (const Json& each : imports["data"]) deliveries += each["delivery"] == "november" ? 1 : 0;
    EXPECT_EQ(deliveries, 1);
  }

  const testing::TemporaryFolder folder_;
  const testing::MappedKillReport report_{folder_ / "report"};
};

TEST_F(KilledDelivery, IsCompletedByTheSameCommandOrTheNextDelivery) {
  const char* const chosen = std::getenv("OPTIINFRA_KILLS");
  const long wanted = chosen == nullptr                   ? kReplacePoints
                      : std::string_view(chosen) == "all" ? 1'000'000
                                                          : std::atol(chosen);
  const fs::path store = folder_ / "killed";
  ASSERT_EQ(deliver_killed(store, 0).exit_code, 0);
  const long calls = report_->calls, points = std::min(wanted, calls);
  complete(store, "second.csv", 36, 1.1);
  std::map<std::string, int> fired;
  for (long i = 0; i < points; ++i) {
    const long at = 1 + i * calls / points;
    const auto killed = deliver_killed(store, at);
    if (report_->killed == 0) continue;  // Background work makes some calls more, or fewer.
    EXPECT_EQ(killed.signal, SIGKILL);
    ++fired[testing::kCallKindNames[report_->killed - 1]];
    if (i % 2 == 0)
      complete(store, "second.csv", 36, 1.1);
    else
      complete(store, "third.csv", 30, 2);
    if (HasFailure()) FAIL() << "killed before call " << at << " of " << calls;
  }
  std::cout << "of " << calls << " calls, killed before";
  for (const auto& [kind, count] : fired) std::cout << " " << kind << " " << count;
  std::cout << "\n";
  EXPECT_FALSE(fired.empty());
}

}  // namespace
}  // namespace optiinfra
