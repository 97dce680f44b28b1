#include "optiinfra/testing/program.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace optiinfra::testing {
namespace {

using namespace std::chrono_literals;

TEST(RunProgram, ReturnsExitCodeAndBothOutputs) {
  const auto result = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.error_output, "err\n");
}

TEST(RunProgram, TakesOutputLargerThanAPipeOnBothSides) {
  const auto result = run_program({"sh", "-c", "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2"});
  EXPECT_EQ(result.output.size(), 300'000u);
  EXPECT_EQ(result.error_output.size(), 300'000u);
}

TEST(RunProgram, ReplacesVariablesOfTheEnvironment) {
  const auto result =
      run_program({"sh", "-c", "echo $HOME $ADDED"}, {.environment = {"HOME=/here", "ADDED=yes"}});
  EXPECT_EQ(result.output, "/here yes\n");
}

TEST(RunProgram, SaysThatAProgramCannotBeStarted) {
  const auto result = run_program({"/nonexistent/program"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_NE(result.error_output.find("/nonexistent/program"), std::string::npos);
}

TEST(RunProgram, KillsAProgramWhoseTimeIsOver) {
  const auto result = run_program({"sleep", "60"}, {.timeout = 100ms});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(Program, WaitsForOutputThenForASignalsEnd) {
  Program program({"sh", "-c", "echo ready; exec sleep 60"});
  ASSERT_TRUE(program.wait_for_output("ready\n"));
  program.send_signal(SIGTERM);
  const auto result = program.wait();
  EXPECT_EQ(result.signal, SIGTERM);
  EXPECT_FALSE(result.timed_out);
}

TEST(Program, StopsWaitingForOutputThatNeverComes) {
  Program program({"echo", "something else"});
  EXPECT_FALSE(program.wait_for_output("ready"));
}

TEST(PeakMemory, GrowsWithMemoryInUseAndCanBeSetBack) {
  const auto peak_after_use = [] {
    const std::vector<char> used(std::size_t{64} << 20, 1);
    return peak_memory_bytes() + (used[0] == 1 ? 0u : 1u);
  }();
  EXPECT_GT(peak_after_use, std::size_t{64} << 20);
  if (reset_peak_memory()) {
    EXPECT_LT(peak_memory_bytes(), peak_after_use);
  }
}

}  // namespace
}  // namespace optiinfra::testing
