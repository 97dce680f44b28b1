// The kill matrix: a scripted ingest is ended with SIGKILL at its n-th call that changes the disk, for n = 1,
// 2,
// ... until it runs through; then it is run again, and every promised row must be there once, raw rows equal
// to rollups. See kill_at_call.cpp for the calls and ingest_script.cpp for the writes.
//
// In ./check a sample of the points is tried. All of them:
//   OPTIINFRA_KILLS=all build/release/tests/kills/kill_matrix
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

namespace fs = std::filesystem;
using testing::ProgramResult;
using testing::run_program;

constexpr int kSampledPoints = 4;
constexpr int kPointsMax = 100'000;

struct Outcome {
  int tried = 0, fired = 0, lost = 0, doubled = 0, partial = 0, hours_differing = 0, broken_runs = 0;
};

class KillMatrix : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    time_ = std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
    const ProgramResult made = run_program({OPTIINFRA_INGEST_SCRIPT, "init", url("template")});
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
  }

  std::string url(const char* name) const { return "embedded:" + (folder_ / name).string(); }
  bool has_spool() const { return GetParam(); }

  void begin_again() const {
    for (const char* name : {"store", "spool", "journal", "count"}) fs::remove_all(folder_ / name);
    fs::copy(folder_ / "template", folder_ / "store",
             fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  ProgramResult script(std::vector<std::string> environment) const {
    return run_program(
        {OPTIINFRA_INGEST_SCRIPT, "run", url("store"), has_spool() ? (folder_ / "spool").string() : "-",
         time_, (folder_ / "journal").string()},
        {.environment = std::move(environment)});
  }

  /// The number of calls of a run that is not killed.
  int count_calls() const {
    begin_again();
    const std::string count = (folder_ / "count").string();
    const ProgramResult result =
        script({"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "OPTIINFRA_KILL_COUNT=" + count});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    int calls = 0;
    std::ifstream(count) >> calls;
    return calls;
  }

  /// True when the kill fired.
  bool try_point(int at, Outcome& outcome) const {
    begin_again();
    const ProgramResult killed =
        script({"LD_PRELOAD=" OPTIINFRA_KILL_AT_CALL, "OPTIINFRA_KILL_AT=" + std::to_string(at)});
    ++outcome.tried;
    if (killed.signal != SIGKILL || killed.timed_out) {
      EXPECT_EQ(killed.exit_code, 0) << "at call " << at << ": " << killed.error_output;
      return false;
    }
    ++outcome.fired;
    const ProgramResult again = script({});
    const ProgramResult checked =
        run_program({OPTIINFRA_INGEST_SCRIPT, "check", url("store"), time_, (folder_ / "journal").string()});
    const bool is_through = again.exit_code == 0 && checked.exit_code == 0;
    EXPECT_TRUE(is_through) << "after a kill at call " << at << ": " << again.error_output
                            << checked.error_output;
    if (!is_through) ++outcome.broken_runs;
    add(checked.output, at, outcome);
    return true;
  }

  static void add(const std::string& output, int at, Outcome& outcome) {
    int lost = 0, doubled = 0, partial = 0, differing = 0;
    const auto begin = output.rfind("lost ");
    if (begin == std::string::npos) return;
    (void)std::sscanf(output.c_str() + begin, "lost %d doubled %d partial %d hours_differing %d", &lost,
                      &doubled, &partial, &differing);
    EXPECT_EQ(lost + doubled + partial + differing, 0) << "after a kill at call " << at << ":\n" << output;
    outcome.lost += lost;
    outcome.doubled += doubled;
    outcome.partial += partial;
    outcome.hours_differing += differing;
  }

  const testing::TemporaryFolder folder_;
  std::string time_;
};

TEST_P(KillMatrix, EveryPromisedRowIsThereOnceAfterAKillAtAnyCall) {
  const char* const kills = std::getenv("OPTIINFRA_KILLS");
  const bool all = kills != nullptr && std::string(kills) == "all";
  const int calls = count_calls();
  ASSERT_GT(calls, kSampledPoints);
  const int step = all ? 1 : std::max(1, calls / kSampledPoints);
  Outcome outcome;
  for (int at = 1; at < kPointsMax && try_point(at, outcome); at += step) {
    if (outcome.fired % 100 == 0) std::cout << outcome.fired << " kills so far" << std::endl;
  }
  std::cout << (has_spool() ? "with a spool: " : "without a spool: ") << "calls " << calls << ", kills tried "
            << outcome.tried << ", fired " << outcome.fired << ", writes lost " << outcome.lost
            << ", doubled " << outcome.doubled << ", partial " << outcome.partial
            << ", rollup hours that differ " << outcome.hours_differing << ", runs that did not get through "
            << outcome.broken_runs << "\n";
  EXPECT_GE(outcome.fired, kSampledPoints / 2);
}

INSTANTIATE_TEST_SUITE_P(Ingest, KillMatrix, ::testing::Bool(),
                         [](const auto& chosen) { return chosen.param ? "WithSpool" : "WithoutSpool"; });

}  // namespace
}  // namespace optiinfra
