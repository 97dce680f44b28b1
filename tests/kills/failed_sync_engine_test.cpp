// The disk refuses one sync of the store: the first, the second, ... of them in turn. The engine's store then
// takes no insert that asks to be synced until it is opened again, which the writer has to do by itself. The
// script must succeed, and every row must be there once.
//
// In ./check a few are tried. All of them:
//   OPTIINFRA_KILLS=all build/release/bin/kill_matrix --gtest_filter='FailedSync*'
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "kill_lane.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {
namespace {

using testing::KilledPoint;
using testing::KillForm;
using testing::KillLane;

constexpr long kStepInCheck = 199, kSyncsMax = 10'000;

TEST(FailedSync, OfTheStoreIsRepairedByTheWriterThatReopensIt) {
  const testing::TemporaryFolder folder(testing::memory_folder());
  const std::string time =
      std::to_string((floor_hour(now()) - std::chrono::hours{1}).time_since_epoch().count());
  const auto made = testing::run_program(
      {OPTIINFRA_INGEST_SCRIPT, "init", "embedded:" + (folder / "template").string(), time});
  ASSERT_EQ(made.exit_code, 0) << made.error_output;
  const long step = std::getenv("OPTIINFRA_KILLS") != nullptr ? 1 : kStepInCheck;
  int fired = 0;
  for (const bool has_spool : {true, false}) {
    KillLane lane(KillForm{"FailedSync", has_spool, false, false}, folder / (has_spool ? "spool" : "none"),
                  folder / "template", time);
    for (long at = 1; at < kSyncsMax; at += step) {
      const KilledPoint point = lane.try_failed_sync(at);
      if (!point.kind) break;
      ++fired;
      EXPECT_EQ(point.failure, "") << "sync " << at << (has_spool ? ", with a spool" : ", without a spool");
    }
  }
  std::cout << fired << " syncs failed\n";
  EXPECT_GT(fired, 2);
}

}  // namespace
}  // namespace optiinfra
