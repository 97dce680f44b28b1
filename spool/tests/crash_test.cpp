// The machine stops at every call to the disk in turn; what survives is drawn at random each time.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;

constexpr int kSteps = 40;

/// OPTIINFRA_SPOOL_SEEDS=100 is the long form.
std::uint64_t seeds() {
  const char* text = std::getenv("OPTIINFRA_SPOOL_SEEDS");
  return text == nullptr ? 3 : std::strtoull(text, nullptr, 10);
}

/// One opening, from the disk's state to a crash or an orderly end. False when it could not be opened.
bool live(LyingDisk& disk, SpoolModel& model, ModelCounts& counts, std::uint64_t seed) {
  auto spool = spool::Spool::open("/spool", small_spool(), disk);
  if (!spool) return false;
  model.check(**spool, counts);
  work(**spool, disk, model, seed, kSteps);
  if (seed % 2 == 0) (void)(*spool)->close();
  return true;
}

/// Every other seed begins with a spool that a life before has left, so that its recovery is crashed too.
void prepare(LyingDisk& disk, SpoolModel& model, ModelCounts& counts, std::uint64_t seed) {
  if (seed % 2 != 0) return;
  live(disk, model, counts, seed + 1);
  disk.restart(Survives::kNothing);
}

std::uint64_t calls_of_a_life(std::uint64_t seed) {
  LyingDisk disk(seed);
  SpoolModel model;
  ModelCounts counts;
  prepare(disk, model, counts, seed);
  disk.set_fault({});
  live(disk, model, counts, seed);
  return disk.calls();
}

DiskFault power_off(std::uint64_t call, std::uint64_t written_bytes) {
  DiskFault fault;
  fault.call = call;
  fault.power_off = true;
  fault.written_bytes = written_bytes;
  return fault;
}

struct CrashCounts {
  std::uint64_t points = 0, fired = 0, not_reopened = 0;
  ModelCounts model;
};

/// Three crashes in a row, the first one at `call`, and an orderly opening at the end.
void crash_at(std::uint64_t call, Survives survives, std::uint64_t seed, CrashCounts& counts) {
  std::mt19937_64 random(seed * 1'000'003 + call);
  LyingDisk disk(random());
  SpoolModel model;
  prepare(disk, model, counts.model, seed);
  for (int crash = 0; crash < 3; ++crash) {
    disk.set_fault(power_off(crash == 0 ? call : 1 + random() % 150, random() % 700));
    live(disk, model, counts.model, crash == 0 ? seed : random());
    ++counts.points;
    counts.fired += disk.is_off() ? 1 : 0;
    disk.restart(survives);
  }
  for (int opening = 0; opening < 2; ++opening) {
    if (!live(disk, model, counts.model, 2 * random())) ++counts.not_reopened;
  }
}

CrashCounts crash_everywhere(Survives survives) {
  CrashCounts counts;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const std::uint64_t calls = calls_of_a_life(seed);
    for (std::uint64_t call = 1; call <= calls; ++call) {
      const std::uint64_t fired = counts.fired;
      crash_at(call, survives, seed, counts);
      EXPECT_GT(counts.fired, fired) << "no crash at call " << call << " of seed " << seed;
      if (counts.model.bad() > 0) {
        ADD_FAILURE() << "crash at call " << call << ", seed " << seed;
        return counts;
      }
    }
  }
  return counts;
}

void expect_nothing_lost(const CrashCounts& counts) {
  std::cout << counts.points << " crashes tried, " << counts.fired << " fired; "
            << counts.model.records_promised << " records promised and due, " << counts.model.lost
            << " lost, " << counts.model.invented << " invented, " << counts.model.revived << " revived, "
            << counts.model.replayed_again << " replayed after a durable acknowledgement, "
            << counts.model.false_alarms << " false alarms\n";
  EXPECT_EQ(counts.model.lost, 0u);
  EXPECT_EQ(counts.model.invented, 0u);
  EXPECT_EQ(counts.model.revived, 0u);
  EXPECT_EQ(counts.model.out_of_order, 0u);
  EXPECT_EQ(counts.model.replayed_again, 0u);
  EXPECT_EQ(counts.model.false_alarms, 0u) << counts.model.alarm;
  EXPECT_EQ(counts.not_reopened, 0u);
  EXPECT_GT(counts.model.records_promised, counts.points / 2)
      << "the work promises too little to test anything";
}

TEST(Crash, LosesNothingPromisedWhenNothingUnsyncedSurvives) {
  expect_nothing_lost(crash_everywhere(Survives::kNothing));
}

TEST(Crash, LosesNothingPromisedWhenTheCacheSurvivesTheProcess) {
  expect_nothing_lost(crash_everywhere(Survives::kAll));
}

TEST(Crash, LosesNothingPromisedWhenAnyPartOfTheUnsyncedSurvives) {
  expect_nothing_lost(crash_everywhere(Survives::kAnyPart));
}

}  // namespace
