// The removal of a customer is killed before its n-th call that changes the disk. The same command completes
// it, and what belongs to others is as it was.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "kill_lane.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using Json = nlohmann::json;

/// Points that `./check` tries; OPTIINFRA_KILLS sets another number.
constexpr int kPoints = 5;

class KilledForget : public ::testing::Test {
 protected:
  void SetUp() override {
    const Json fleet = json(origin(), {"generate", "--rows", "3000", "--days", "1"});
    customer_ = fleet["data"]["services"][0]["customer_id"];
    const std::string service = fleet["data"]["services"][0]["service_id"];
    ASSERT_EQ(run(origin(), {"names", "set", "customer", "acme", customer_}).exit_code, 0);
    ASSERT_EQ(run(origin(), {"names", "set", "service", "chat", service}).exit_code, 0);
    ASSERT_EQ(run(origin(), {"attribute"}).exit_code, 0);
    others_ = others_of(origin());
  }

  fs::path origin() const { return folder_ / "origin"; }

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

  /// What other customers have, as one text.
  std::string others_of(const fs::path& store) const {
    std::string sql = "SELECT ";
    for (const char* const family : {"cost", "performance", "resource", "quality", "serving"})
      for (const char* const suffix : {"_metrics_ts", "_hourly"})
        sql += "(SELECT (count(), sum(cityHash64(toString(tuple(*))))) FROM optiinfra." +
               std::string(family) + suffix + " WHERE customer_id != '" + customer_ + "'), ";
    sql +=
        "(SELECT (sum(requests), sum(prompt_tokens)) FROM optiinfra.attributed_cost_hourly WHERE (hour, "
        "version) IN (SELECT hour, max(version) FROM optiinfra.attributed_hours GROUP BY hour) AND "
        "served_customer_id != '" +
        customer_ + "')";
    return json(store, {"sql", sql})["data"].dump();
  }

  /// Forgets in a copy of the store, killed before call `at`; 0: not at all.
  testing::ProgramResult forget(const fs::path& store, long at) const {
    fs::remove_all(store);
    fs::copy(origin(), store, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    report_.reset();
    return run(
        store, {"forget", "--customer", "acme", "--yes"},
        {"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
         "OPTIINFRA_KILL_AT=" + std::to_string(at)});
  }

  /// By its name where that is left, else by its id.
  void complete(const fs::path& store, long at) const {
    Json report;
    const bool has_name = has_name_of_it(store);
    report = json(store, {"forget", "--customer", has_name ? "acme" : customer_, "--yes"});
    EXPECT_EQ(report["data"]["summary"]["is_forgotten"], true) << "at call " << at;
    EXPECT_EQ(others_of(store), others_) << "at call " << at;
    const auto verified = run(store, {"verify"});
    EXPECT_EQ(verified.exit_code, 0) << "at call " << at << ": " << verified.output;
    EXPECT_FALSE(has_name_of_it(store)) << "at call " << at;
  }

  /// Whether the store knows a name of the customer, or of what is the customer's.
  bool has_name_of_it(const fs::path& store) const {
    const Json names = json(store, {"names", "list"})["data"];
    return std::any_of(names.begin(), names.end(), [this](const Json& each) {
      return each["name"] == "acme" || each["name"] == "chat" || each["customer_id"] == customer_;
    });
  }

  const testing::TemporaryFolder folder_;
  const testing::MappedKillReport report_{folder_ / "report"};
  std::string customer_, others_;
};

TEST_F(KilledForget, IsCompletedByTheSameCommand) {
  const char* const chosen = std::getenv("OPTIINFRA_KILLS");
  const long points = chosen == nullptr ? kPoints : std::atol(chosen);
  const fs::path store = folder_ / "killed";
  ASSERT_EQ(forget(store, 0).exit_code, 0);
  const long calls = report_->calls;
  complete(store, 0);
  std::map<std::string, int> fired;
  for (long i = 0; i < std::min(points, calls); ++i) {
    const long at = 1 + i * calls / std::min(points, calls);
    const auto killed = forget(store, at);
    if (report_->killed == 0) continue;  // Background work makes some calls more, or fewer.
    EXPECT_EQ(killed.signal, SIGKILL);
    ++fired[testing::kCallKindNames[report_->killed - 1]];
    complete(store, at);
    if (HasFailure()) FAIL() << "killed before call " << at << " of " << calls;
  }
  std::cout << "of " << calls << " calls, killed before";
  for (const auto& [kind, count] : fired) std::cout << " " << kind << " " << count;
  std::cout << "\n";
  EXPECT_FALSE(fired.empty());
}

}  // namespace
}  // namespace optiinfra
