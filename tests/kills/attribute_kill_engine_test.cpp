// The attribution of hours is killed before its n-th call that changes the disk. The same command completes
// it, and the numbers are those of a run that nobody killed.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "kill_lane.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

/// Points that `./check` tries; OPTIINFRA_KILLS sets another number, or all.
constexpr long kAttributePoints = 5;

class KilledAttribute : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(origin(), {"generate", "--rows", "3000", "--days", "1"}).exit_code, 0);
    const fs::path whole = folder_ / "whole";
    fs::copy(origin(), whole, kAll);
    ASSERT_EQ(attribute(whole, 0).exit_code, 0);
    calls_ = report_->calls;
    expected_ = numbers_of(whole);
  }

  fs::path origin() const { return folder_ / "origin"; }

  static testing::ProgramResult run(const fs::path& store, Arguments words,
                                    const Arguments& environment = {}) {
    words.insert(words.begin(), OPTIINFRA_PROGRAM);
    words.insert(words.end(), {"--url", "embedded:" + store.string(), "-q"});
    return testing::run_program(words, {.environment = environment});
  }

  /// Killed before call `at`; 0: not at all.
  testing::ProgramResult attribute(const fs::path& store, long at) const {
    report_.reset();
    return run(
        store, {"attribute", "--from", from_, "--to", to_},
        {"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "OPTIINFRA_KILL_REPORT=" + (folder_ / "report").string(),
         "OPTIINFRA_KILL_AT=" + std::to_string(at)});
  }

  /// Everything of the newest versions but their numbers, and how many hours have one.
  static std::string numbers_of(const fs::path& store) {
    const auto asked = run(
        store, {"sql",
                "SELECT count(), uniqExact(hour), sum(cityHash64(toString(tuple(* EXCEPT version)))) FROM "
                "optiinfra.attributed_cost_hourly WHERE (hour, version) IN (SELECT hour, max(version) FROM "
                "optiinfra.attributed_hours GROUP BY hour)",
                "--format", "CSV"});
    EXPECT_EQ(asked.exit_code, 0) << asked.error_output;
    return asked.output;
  }

  /// The first hours of the fleet, so that a point takes seconds.
  const sys_seconds end_ = floor_hour(now());
  const std::string from_ = format_time(end_ - std::chrono::hours{4}), to_ = format_time(end_);
  static constexpr auto kAll = fs::copy_options::recursive | fs::copy_options::copy_symlinks;
  testing::TemporaryFolder folder_;
  testing::MappedKillReport report_{folder_ / "report"};
  long calls_ = 0;
  std::string expected_;
};

TEST_F(KilledAttribute, GivesTheSameNumbersWhenItIsRunAgain) {
  const char* const wanted = std::getenv("OPTIINFRA_KILLS");
  const long asked = wanted == nullptr ? kAttributePoints : std::atol(wanted);
  const long points = asked == 0 ? calls_ : std::min(asked, calls_);
  ASSERT_GT(calls_, 50) << "the run changes the disk";
  ASSERT_EQ(expected_.substr(expected_.find(',') + 1, 2), "4,") << expected_;
  std::map<std::string, int> fired;
  for (long i = 0; i < points; ++i) {
    const long at = 1 + i * calls_ / points + calls_ / points / 2;
    const fs::path store = folder_ / "killed";
    fs::remove_all(store);
    fs::copy(origin(), store, kAll);
    const auto killed = attribute(store, at);
    if (report_->killed == 0) continue;  // Background work makes some calls more, or fewer.
    EXPECT_EQ(killed.signal, SIGKILL);
    ++fired[testing::kCallKindNames[report_->killed - 1]];
    const auto again = run(store, {"attribute", "--from", from_, "--to", to_});
    EXPECT_EQ(again.exit_code, 0) << again.error_output;
    EXPECT_EQ(numbers_of(store), expected_);
    const auto verified = run(store, {"verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
    if (HasFailure()) FAIL() << "killed before call " << at << " of " << calls_;
  }
  std::cout << "of " << calls_ << " calls, killed before";
  for (const auto& [kind, count] : fired) std::cout << " " << kind << " " << count;
  std::cout << "\n";
  EXPECT_FALSE(fired.empty());
}

}  // namespace
}  // namespace optiinfra
