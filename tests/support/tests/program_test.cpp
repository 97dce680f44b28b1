#include "optiinfra/testing/program.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

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
  constexpr std::size_t kUsedBytes = std::size_t{64} << 20;
  // Straight from the system: sanitizers keep what is freed to the heap.
  void* const used = ::mmap(nullptr, kUsedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(used, MAP_FAILED);
  std::memset(used, 1, kUsedBytes);
  const std::size_t peak_after_use = peak_memory_bytes();
  ::munmap(used, kUsedBytes);
  EXPECT_GT(peak_after_use, kUsedBytes);
  if (reset_peak_memory()) {
    EXPECT_LT(peak_memory_bytes(), peak_after_use);
  }
}

}  // namespace
}  // namespace optiinfra::testing
