// Many threads on one spool. Also run under the thread sanitizer: cmake --preset tsan.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;

constexpr int kThreads = 8;
constexpr int kRecords = 60;

spool::SpoolOptions roomy() {
  spool::SpoolOptions options = small_spool();
  options.segment_bytes = 16 << 10;
  options.spool_bytes_max = 4 << 20;
  return options;
}

void in_threads(int count, const std::function<void(int)>& run) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(run, i);
  for (std::thread& thread : threads) thread.join();
}

std::map<spool::Sequence, std::vector<std::byte>> replayed(spool::Spool& spool) {
  std::map<spool::Sequence, std::vector<std::byte>> records;
  EXPECT_TRUE(spool.replay([&](const spool::SpoolRecord& record) -> Result<void> {
    records[record.sequence] = {record.payload.begin(), record.payload.end()};
    return {};
  }));
  return records;
}

TEST(GroupCommit, ManyThreadsShareASync) {
  LyingDisk disk;
  disk.set_sync_time(std::chrono::milliseconds(1));
  auto spool = *spool::Spool::open("/spool", roomy(), disk);
  std::mutex mutex;
  std::map<spool::Sequence, std::vector<std::byte>> appended;
  in_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kRecords; ++i) {
      const auto payload = payload_of(static_cast<std::uint64_t>(thread * kRecords + i), 50);
      const auto sequence = append(*spool, payload);
      ASSERT_TRUE(sequence);
      ASSERT_TRUE(spool->sync(*sequence));
      const std::lock_guard lock(mutex);
      appended[*sequence] = payload;
    }
  });
  EXPECT_LT(spool->usage().syncs, kThreads * kRecords / 2u);
  spool.reset();
  disk.restart(Survives::kNothing);
  spool = *spool::Spool::open("/spool", roomy(), disk);
  EXPECT_EQ(replayed(*spool), appended);
}

TEST(GroupCommit, EveryCallMayComeFromAnyThread) {
  LyingDisk disk;
  auto spool = *spool::Spool::open("/spool", roomy(), disk);
  std::atomic<std::uint64_t> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::thread watcher([&] {
    while (!stop) {
      (void)spool->usage();
      (void)spool->replay([](const spool::SpoolRecord&) -> Result<void> { return {}; });
    }
  });
  in_threads(kThreads, [&](int thread) {
    std::mt19937_64 random(static_cast<std::uint64_t>(thread));
    for (int i = 0; i < kRecords; ++i) {
      const auto sequence = append(*spool, payload_of(random(), random() % 1'500));
      ASSERT_TRUE(sequence);
      if (random() % 2 == 0) {
        ASSERT_TRUE(spool->sync(*sequence));
      }
      if (random() % 4 == 0) continue;
      ASSERT_TRUE(spool->acknowledge(*sequence));
      ++acknowledged;
    }
  });
  stop = true;
  watcher.join();
  EXPECT_EQ(spool->usage().records, kThreads * kRecords - acknowledged);
  ASSERT_TRUE(spool->close());
  spool = *spool::Spool::open("/spool", roomy(), disk);
  EXPECT_TRUE(spool->recovery().intact());
  EXPECT_EQ(spool->recovery().records, kThreads * kRecords - acknowledged);
}

TEST(GroupCommit, AllWhoWaitForAFailedSyncAreToldAndMayTryAgain) {
  LyingDisk disk;
  disk.set_sync_time(std::chrono::milliseconds(1));
  auto spool = *spool::Spool::open("/spool", roomy(), disk);
  std::atomic<int> told = 0;
  DiskFault fault;
  fault.call = 20;
  disk.set_fault(fault);
  std::mutex mutex;
  std::map<spool::Sequence, std::vector<std::byte>> appended;
  in_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kRecords; ++i) {
      const auto payload = payload_of(static_cast<std::uint64_t>(thread * kRecords + i), 50);
      const auto sequence = append(*spool, payload);
      ASSERT_TRUE(sequence);
      auto synced = spool->sync(*sequence);
      if (!synced) {
        ++told;
        EXPECT_EQ(synced.error().applied, Applied::kUnknown);
        synced = spool->sync(*sequence);
      }
      ASSERT_TRUE(synced) << synced.error().message;
      const std::lock_guard lock(mutex);
      appended[*sequence] = payload;
    }
  });
  EXPECT_EQ(disk.faults_fired(), 1u);
  EXPECT_GT(told, 0);
  spool.reset();
  disk.restart(Survives::kNothing);
  spool = *spool::Spool::open("/spool", roomy(), disk);
  EXPECT_TRUE(spool->recovery().intact());
  EXPECT_EQ(replayed(*spool), appended);
}

TEST(GroupCommit, AppendingWithoutSyncingStaysWithinTheBuffer) {
  LyingDisk disk;
  auto spool = *spool::Spool::open("/spool", roomy(), disk);
  in_threads(kThreads, [&](int thread) {
    for (int i = 0; i < kRecords; ++i) {
      ASSERT_TRUE(append(*spool, payload_of(static_cast<std::uint64_t>(thread), 1'000)));
      ASSERT_LE(spool->usage().buffer_bytes, roomy().buffer_bytes_max);
    }
  });
  EXPECT_GT(spool->usage().syncs, 0u);
}

}  // namespace
