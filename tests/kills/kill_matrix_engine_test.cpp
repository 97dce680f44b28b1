// The kill matrix: a scripted ingest is ended with SIGKILL before its n-th call that changes the disk, or the
// server that it writes to is; then it is run again, and every promised row must be there once, raw rows
// equal to rollups. kill_at_call.cpp has the calls, ingest_script.cpp the writes. n takes every value, in an
// order that is shuffled and always the same, so that a run which was stopped is a fair sample.
//
// In ./check a few points are tried. More of them, or all, with progress on standard output:
//   OPTIINFRA_KILLS=500 build/release/bin/kill_matrix
//   OPTIINFRA_KILLS=all build/release/bin/kill_matrix --gtest_filter='*WriterWithSpool'
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

#include "kill_lane.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using testing::CallKind;
using testing::KilledPoint;
using testing::KillForm;
using testing::KillLane;
using testing::run_program;

constexpr std::size_t kSampledPoints = 4;
constexpr unsigned kSeed = 4;
/// A run may make more calls than the one that was counted: merges come when they like.
constexpr double kCallsMargin = 1.05;
constexpr int kReportEvery = 100;

struct Outcome {
  int tried = 0, fired = 0, lost = 0, doubled = 0, partial = 0, hours_differing = 0, failed = 0;
  int of_kind[testing::kCallKinds] = {};

  void add(const KilledPoint& point) {
    ++tried;
    if (point.kind) ++fired, ++of_kind[static_cast<int>(*point.kind)];
    lost += point.lost, doubled += point.doubled, partial += point.partial;
    hours_differing += point.hours_differing;
    if (!point.failure.empty()) ++failed;
  }
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  stream << "kills tried " << outcome.tried << ", fired " << outcome.fired << " (";
  for (int kind = 0; kind < testing::kCallKinds; ++kind) {
    if (outcome.of_kind[kind] > 0)
      stream << testing::kCallKindNames[kind] << " " << outcome.of_kind[kind] << " ";
  }
  return stream << "), writes lost " << outcome.lost << ", doubled " << outcome.doubled << ", partial "
                << outcome.partial << ", rollup hours that differ " << outcome.hours_differing
                << ", points that failed " << outcome.failed;
}

class KillMatrix : public ::testing::TestWithParam<KillForm> {
 protected:
  void SetUp() override {
    const auto made = run_program({OPTIINFRA_INGEST_SCRIPT, "init", "embedded:" + store_.string(), time_});
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
  }

  KillLane lane(int number) const {
    return KillLane(GetParam(), folder_ / ("lane" + std::to_string(number)), store_, time_);
  }

  /// Tries points until there are none left, and says how it goes.
  void try_points(const std::vector<long>& points, int lane_number) {
    KillLane own = lane(lane_number);
    for (std::size_t i = next_++; i < points.size(); i = next_++) {
      const KilledPoint point = own.try_point(points[i]);
      const std::lock_guard lock(mutex_);
      outcome_.add(point);
      EXPECT_EQ(point.failure, "") << "killed before call " << points[i];
      if (outcome_.tried % kReportEvery == 0) std::cout << "so far: " << outcome_ << std::endl;
    }
  }

  const testing::TemporaryFolder folder_{testing::memory_folder()};
  const std::filesystem::path store_ = folder_ / "template";
  const std::string time_ =
      std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
  Outcome outcome_;
};

std::vector<long> shuffled_points(long calls) {
  std::vector<long> points(static_cast<std::size_t>(static_cast<double>(calls) * kCallsMargin));
  std::iota(points.begin(), points.end(), 1);
  std::shuffle(points.begin(), points.end(), std::mt19937(kSeed));
  return points;
}

TEST_P(KillMatrix, EveryPromisedRowIsThereOnceAfterAKillBeforeAnyCall) {
  KillLane counting = lane(0);
  const long calls = counting.count_calls();
  ASSERT_GT(calls, 0) << counting.failure();
  std::vector<long> points = shuffled_points(calls);
  const char* const asked = std::getenv("OPTIINFRA_KILLS");
  const bool all = asked != nullptr && std::string(asked) == "all";
  if (!all) points.resize(std::min(points.size(), asked ? std::strtoul(asked, nullptr, 10) : kSampledPoints));
  // In ./check other tests use the other cores.
  const int lanes =
      asked == nullptr ? 1 : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  for (int i = 1; i <= lanes; ++i) threads.emplace_back([&, i] { try_points(points, i); });
  for (std::thread& thread : threads) thread.join();
  std::cout << GetParam().name << ": calls " << calls << ", " << outcome_ << "\n";
  EXPECT_GE(outcome_.fired, outcome_.tried * 2 / 3);
}

INSTANTIATE_TEST_SUITE_P(Ingest, KillMatrix,
                         ::testing::Values(KillForm{"WriterWithSpool", true, false, false},
                                           KillForm{"WriterWithRequests", true, true, false},
                                           KillForm{"WriterWithoutSpool", false, false, false},
                                           KillForm{"ServerWithSpool", true, false, true},
                                           KillForm{"ServerWithoutSpool", false, false, true}),
                         [](const auto& form) { return form.param.name; });

}  // namespace
}  // namespace optiinfra
