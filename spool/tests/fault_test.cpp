// Every call to the disk fails in turn, once or from then on, for each reason a disk has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;
using ::testing::HasSubstr;

constexpr int kSteps = 40;
const char* const kReasons[] = {"Input/output error", "No space left on device", "Too many open files"};

/// OPTIINFRA_SPOOL_SEEDS=100 is the long form.
std::uint64_t seeds() {
  const char* text = std::getenv("OPTIINFRA_SPOOL_SEEDS");
  return text == nullptr ? 2 : std::strtoull(text, nullptr, 10);
}

struct FaultCounts {
  std::uint64_t tried = 0, fired = 0, not_repaired = 0, not_opened = 0;
  ModelCounts model;
};

Result<std::unique_ptr<spool::Spool>> open(LyingDisk& disk) {
  return spool::Spool::open("/spool", small_spool(), disk);
}

/// The same object goes on after the disk is repaired: what waits in memory reaches the disk.
void expect_repaired(spool::Spool& spool, SpoolModel& model, FaultCounts& counts) {
  const auto payload = payload_of(7, 50);
  const auto sequence = append(spool, payload);
  if (!sequence) {
    // Full is an answer too, for records that nobody acknowledges.
    counts.not_repaired += sequence.error().kind == ErrorKind::kUnavailable ? 0 : 1;
    return;
  }
  model.appended(*sequence, payload);
  if (!spool.sync(*sequence)) ++counts.not_repaired;
  model.promised_through(*sequence);
}

void fail_at(const DiskFault& fault, std::uint64_t seed, FaultCounts& counts) {
  LyingDisk disk(seed * 31 + fault.call);
  SpoolModel model;
  disk.set_fault(fault);
  auto spool = open(disk);
  if (!spool) {
    counts.fired += disk.faults_fired() > 0 ? 1 : 0;
    disk.heal();
    spool = open(disk);
  }
  ++counts.tried;
  if (!spool) {
    ++counts.not_opened;
    return;
  }
  const bool fired_before = disk.faults_fired() > 0;
  work(**spool, disk, model, seed, kSteps);
  if (!fired_before && disk.faults_fired() > 0) ++counts.fired;
  disk.heal();
  expect_repaired(**spool, model, counts);
  spool->reset();
  disk.restart(seed % 2 == 0 ? Survives::kNothing : Survives::kAnyPart);
  for (int opening = 0; opening < 2; ++opening) {
    spool = open(disk);
    if (!spool) ++counts.not_opened;
    if (spool) model.check(**spool, counts.model);
    spool->reset();
  }
}

std::uint64_t calls_of_a_life(std::uint64_t seed) {
  LyingDisk disk(seed);
  SpoolModel model;
  auto spool = open(disk);
  work(**spool, disk, model, seed, kSteps);
  return disk.calls();
}

void fail_everywhere(bool for_good) {
  FaultCounts counts;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const std::uint64_t calls = calls_of_a_life(seed);
    for (const char* reason : kReasons) {
      for (std::uint64_t call = 1; call <= calls; ++call) {
        DiskFault fault;
        fault.call = call;
        fault.reason = reason;
        fault.for_good = for_good;
        fault.written_bytes = call * 7 % 200;
        fail_at(fault, seed, counts);
        if (counts.model.bad() + counts.not_repaired + counts.not_opened > 0) {
          FAIL() << "call " << call << " of seed " << seed << ": " << counts.model.lost << " lost, "
                 << counts.model.invented << " invented, " << counts.model.revived << " revived, "
                 << counts.model.replayed_again << " replayed again, " << counts.not_repaired
                 << " not repaired, " << counts.not_opened << " not opened; " << counts.model.alarm;
        }
      }
    }
  }
  std::cout << counts.tried << " faults tried, " << counts.fired << " fired; "
            << counts.model.records_promised << " records promised and due, " << counts.model.lost
            << " lost, " << counts.model.invented << " invented\n";
  EXPECT_EQ(counts.fired, counts.tried);
  EXPECT_GT(counts.model.records_promised, counts.tried);
}

TEST(Fault, ThatPassesLosesNothing) { fail_everywhere(false); }

TEST(Fault, ThatStaysLosesNothingAndEndsWithTheDisksRepair) { fail_everywhere(true); }

TEST(Fault, WritesCutShortAtAnyLengthAreCompleted) {
  for (std::uint64_t bytes = 1; bytes <= 120; ++bytes) {
    LyingDisk disk;
    SpoolModel model;
    ModelCounts counts;
    {
      auto spool = open(disk);
      disk.set_write_bytes_max(bytes);
      work(**spool, disk, model, 5, kSteps);
    }
    disk.restart(Survives::kNothing);
    auto spool = open(disk);
    ASSERT_TRUE(spool) << spool.error().message;
    model.check(**spool, counts);
    ASSERT_EQ(counts.bad(), 0u) << "writes of at most " << bytes << " bytes";
    ASSERT_GT(counts.records_promised, 0u);
  }
}

TEST(Fault, PowerCutAfterAnyByteOfAWriteLeavesTheRecordsBefore) {
  const auto run = [](std::uint64_t written_bytes, bool& cut) {
    LyingDisk disk;
    SpoolModel model;
    ModelCounts counts;
    {
      auto spool = open(disk);
      const auto first = append(**spool, payload_of(1, 60));
      model.appended(*first, payload_of(1, 60));
      EXPECT_TRUE((*spool)->sync(*first));
      model.promised_through(*first);
      const auto second = append(**spool, payload_of(2, 90));
      model.appended(*second, payload_of(2, 90));
      DiskFault fault;
      fault.call = 1;  // The write of the second record.
      fault.power_off = true;
      fault.written_bytes = written_bytes;
      disk.set_fault(fault);
      EXPECT_FALSE((*spool)->sync(*second));
      cut = disk.faults_fired() == 1;
    }
    disk.restart(Survives::kAll);
    auto spool = open(disk);
    model.check(**spool, counts);
    EXPECT_EQ(counts.bad(), 0u) << written_bytes;
    // Zeros at the end of what was written look like room that was not.
    EXPECT_LE((*spool)->recovery().torn_bytes, written_bytes);
    EXPECT_EQ((*spool)->recovery().torn_bytes > 0, written_bytes > 0 && written_bytes < 122);
    return (*spool)->recovery().records;
  };
  for (std::uint64_t bytes = 0; bytes <= 122; ++bytes) {
    bool cut = false;
    EXPECT_EQ(run(bytes, cut), bytes == 122 ? 2u : 1u) << bytes;
    EXPECT_TRUE(cut);
  }
}

TEST(Fault, AFullDiskIsToldAndWritingGoesOnWhenThereIsRoom) {
  LyingDisk disk;
  auto spool = open(disk);
  disk.set_room((128 << 10) + 1'500);  // The checkpoint and one segment.
  const auto first = append(**spool, payload_of(1, 800));
  ASSERT_TRUE((*spool)->sync(*first));
  const auto second = append(**spool, payload_of(2, 800));
  ASSERT_TRUE(second);
  const auto refused = (*spool)->sync(*second);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStorage);
  EXPECT_EQ(refused.error().applied, Applied::kUnknown);
  EXPECT_THAT(refused.error().message, HasSubstr("No space left on device"));
  disk.set_room(0);
  EXPECT_TRUE((*spool)->sync(*second));
  EXPECT_EQ((*spool)->usage().records, 2u);
}

TEST(Fault, OnAFullDiskAcknowledgingMakesRoom) {
  LyingDisk disk;
  auto spool = open(disk);
  disk.set_room((128 << 10) + 1'500);
  const auto first = append(**spool, payload_of(1, 800));
  ASSERT_TRUE((*spool)->sync(*first));
  const auto second = append(**spool, payload_of(2, 800));
  ASSERT_FALSE((*spool)->sync(*second));
  ASSERT_TRUE((*spool)->acknowledge(*first));
  EXPECT_TRUE((*spool)->sync(*second)) << "the first segment's room was not given back";
}

TEST(Fault, ABufferThatTheDiskDoesNotTakeRefusesMoreAndLosesNothing) {
  LyingDisk disk;
  auto spool = open(disk);
  DiskFault fault;
  fault.call = 1;
  fault.for_good = true;
  disk.set_fault(fault);
  std::vector<spool::Sequence> taken;
  Result<spool::Sequence> refused = spool::Sequence{0};
  while ((refused = append(**spool, payload_of(taken.size(), 500)))) taken.push_back(*refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kStorage);
  EXPECT_EQ(refused.error().applied, Applied::kNo);
  EXPECT_LE((*spool)->usage().buffer_bytes, small_spool().buffer_bytes_max);
  ASSERT_GT(taken.size(), 2u);
  // What is stored by other means gives its memory back, though the disk takes nothing.
  for (const spool::Sequence sequence : taken) ASSERT_TRUE((*spool)->acknowledge(sequence));
  EXPECT_TRUE(append(**spool, payload_of(1, 500)));
}

TEST(Fault, AFailedSyncIsNeverRetriedOnItsSegment) {
  LyingDisk disk;
  auto spool = open(disk);
  const auto first = append(**spool, payload_of(1, 100));
  ASSERT_TRUE((*spool)->sync(*first));
  const auto second = append(**spool, payload_of(2, 100));
  DiskFault fault;
  fault.call = 2;  // The write succeeds, its sync does not.
  disk.set_fault(fault);
  ASSERT_FALSE((*spool)->sync(*second));
  ASSERT_EQ(disk.faults_fired(), 1u);
  EXPECT_EQ((*spool)->usage().segments_abandoned, 1u);
  ASSERT_TRUE((*spool)->sync(*second));
  EXPECT_EQ((*spool)->usage().segments, 2u);
  spool->reset();
  disk.restart(Survives::kNothing);
  auto again = open(disk);
  EXPECT_EQ((*again)->recovery().records, 2u);
  EXPECT_TRUE((*again)->recovery().intact());
}

}  // namespace
