// A process killed while it spools, on this machine's own disk.
#include <gtest/gtest.h>

#include <iostream>
#include <random>
#include <sstream>
#include <thread>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;

constexpr int kKills = 12;

TEST(Kill, LosesNoSyncedRecordAndReplaysNoAcknowledgedOne) {
  const TemporaryFolder folder;
  std::mt19937_64 random(5);
  std::map<spool::Sequence, unsigned> promised;
  std::uint64_t lost = 0, wrong = 0, again = 0, killed = 0, checked = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    Program child({OPTIINFRA_SPOOL_CHILD, (folder / "spool").string()});
    ASSERT_TRUE(child.wait_for_output("S "));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    child.send_signal(SIGKILL);
    const auto result = child.wait();
    killed += result.signal == SIGKILL ? 1 : 0;
    std::set<spool::Sequence> acknowledged;
    std::istringstream lines(result.output);
    char what = 0;
    for (spool::Sequence sequence = 0; lines >> what >> sequence;) {
      if (what == 'D') acknowledged.insert(sequence);
      if (what == 'A') promised.erase(sequence);
      if (what == 'S') lines >> promised[sequence];
    }
    spool::SpoolOptions options;
    options.spool_bytes_max = std::uint64_t{1} << 30;
    auto spool = spool::Spool::open(folder / "spool", options);
    ASSERT_TRUE(spool) << spool.error().message;
    EXPECT_TRUE((*spool)->recovery().intact());
    checked += promised.size();
    ASSERT_TRUE((*spool)->replay([&](const spool::SpoolRecord& record) -> Result<void> {
      if (acknowledged.contains(record.sequence)) ++again;
      const auto known = promised.find(record.sequence);
      if (known == promised.end()) return {};  // Killed before it could say so, or in acknowledging.
      for (const std::byte byte : record.payload) wrong += static_cast<unsigned>(byte) != known->second;
      promised.erase(known);
      return (*spool)->acknowledge(record.sequence);
    }));
    lost += promised.size();
    promised.clear();
    ASSERT_TRUE((*spool)->close());
  }
  std::cout << killed << " kills, " << checked << " synced records due, " << lost << " lost, " << again
            << " acknowledged ones replayed\n";
  EXPECT_EQ(killed, static_cast<std::uint64_t>(kKills));
  EXPECT_GT(checked, static_cast<std::uint64_t>(kKills));
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(again, 0u);
}

}  // namespace
