#include "optiinfra/spool/request_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <random>

#include "lying_disk.hpp"
#include "optiinfra/spool/spool.hpp"
#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kPerFile = 8;
constexpr std::size_t kHeaderBytes = 48, kEntryBytes = 32;

spool::RequestKey key_of(std::uint64_t number) { return {{number + 1, ~number}, number * 7}; }

std::vector<spool::RequestKey> keys_of(std::uint64_t first, std::size_t count) {
  std::vector<spool::RequestKey> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(key_of(first + i));
  return keys;
}

struct Opened {
  std::unique_ptr<spool::RequestLog> log;
  std::vector<std::uint64_t> numbers;  ///< Of key_of, in the order found.
};

Result<Opened> open(LyingDisk& disk) {
  Opened opened;
  OPTIINFRA_CHECK(disk.create_folder("/spool"));
  OPTIINFRA_TRY(opened.log, spool::RequestLog::open(
                                "/spool", disk,
                                [&](spool::RequestLog::FileNumber, const spool::RequestKey& key) {
                                  EXPECT_EQ(key, key_of(key.identity.high - 1));
                                  opened.numbers.push_back(key.identity.high - 1);
                                },
                                kPerFile));
  return opened;
}

Opened open_well(LyingDisk& disk) {
  auto opened = open(disk);
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  return *std::move(opened);
}

/// All of the keys, or an error with some of them.
Result<void> append(spool::RequestLog& log, std::vector<spool::RequestKey> keys) {
  while (!keys.empty()) {
    OPTIINFRA_TRY(const auto appended, log.append(keys));
    keys.erase(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(appended.keys));
  }
  return {};
}

std::vector<std::uint64_t> up_to(std::uint64_t count) {
  std::vector<std::uint64_t> numbers(count);
  for (std::uint64_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

std::filesystem::path file(int number) {
  return "/spool/requests-000000000000000" + std::to_string(number) + ".log";
}

TEST(RequestLog, HasTheBytesOfTheSpecification) {
  LyingDisk disk;
  Opened opened = open_well(disk);
  const spool::RequestKey key{{0x0011'2233'4455'6677, 0x8899'AABB'CCDD'EEFF}, 0x0102'0304'0506'0708};
  ASSERT_TRUE(opened.log->append(std::span(&key, 1)));
  const auto* const bytes = disk.content(file(1));
  ASSERT_NE(bytes, nullptr);
  std::string hex;
  for (const std::byte byte : *bytes) {
    hex += "0123456789abcdef"[static_cast<unsigned>(byte) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned>(byte) & 15];
  }
  EXPECT_EQ(hex,
            "4f4953504f4f4c4b01000000000000000100000000000000"
            "000000000000000000000000000000000715259700000000"
            "00112233445566778899aabbccddeeff080706050403020100000000e5fb0d26")
      << "the checksums come from another implementation";
}

TEST(RequestLog, GivesBackWhatWasAppendedAndGoesOnInTheSameFile) {
  LyingDisk disk;
  for (std::uint64_t i = 0; i < 20; ++i) {
    Opened opened = open_well(disk);
    EXPECT_EQ(opened.numbers, up_to(i));
    EXPECT_THAT(opened.log->problems(), IsEmpty());
    ASSERT_TRUE(append(*opened.log, keys_of(i, 1)));
  }
  EXPECT_THAT(open_well(disk).log->files(), ElementsAre(1, 2, 3));
}

TEST(RequestLog, ManyKeysAtOnceGoToSeveralFilesAndTheOldestIsRemoved) {
  LyingDisk disk;
  {
    Opened opened = open_well(disk);
    ASSERT_TRUE(append(*opened.log, keys_of(0, 30)));
    EXPECT_THAT(opened.log->files(), ElementsAre(1, 2, 3, 4));
    opened.log->remove_oldest();
    opened.log->remove_oldest();
  }
  disk.restart(Survives::kNothing);
  Opened opened = open_well(disk);
  EXPECT_THAT(opened.numbers, SizeIs(14));
  EXPECT_EQ(opened.numbers.front(), 16u);
  EXPECT_THAT(opened.log->problems(), IsEmpty());
}

/// One life of a log: appends until it fails; what append() promised joins `promised`.
void live(LyingDisk& disk, std::set<std::uint64_t>& promised, std::uint64_t& next, std::mt19937_64& random,
          int steps) {
  auto opened = open(disk);
  if (!opened) return;
  for (int step = 0; step < steps; ++step) {
    const std::size_t count = 1 + random() % 11;
    auto keys = keys_of(next, count);
    next += count;
    while (!keys.empty()) {
      const auto appended = opened->log->append(keys);
      if (!appended) break;
      for (std::size_t i = 0; i < appended->keys; ++i) promised.insert(keys[i].identity.high - 1);
      keys.erase(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(appended->keys));
    }
  }
}

void expect_all(LyingDisk& disk, const std::set<std::uint64_t>& promised, std::uint64_t appended) {
  Opened opened = open_well(disk);
  EXPECT_THAT(opened.log->problems(), IsEmpty());
  const std::set<std::uint64_t> found(opened.numbers.begin(), opened.numbers.end());
  for (const std::uint64_t number : promised) EXPECT_TRUE(found.contains(number)) << number << " is lost";
  for (const std::uint64_t number : found) EXPECT_LT(number, appended) << "never appended";
}

void crash_everywhere(Survives survives) {
  std::uint64_t points = 0, fired = 0, keys = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (std::uint64_t call = 1;; ++call) {
      LyingDisk disk(seed * 1'000 + call);
      std::mt19937_64 random(seed);
      std::set<std::uint64_t> promised;
      std::uint64_t next = 0;
      live(disk, promised, next, random, 3);
      disk.set_fault({.call = call, .power_off = true, .written_bytes = random() % 300});
      live(disk, promised, next, random, 6);
      ++points;
      if (!disk.is_off()) break;
      ++fired;
      disk.restart(survives);
      expect_all(disk, promised, next);
      disk.set_fault({.call = 1 + random() % 20, .power_off = true, .written_bytes = random() % 300});
      live(disk, promised, next, random, 4);
      disk.restart(survives);
      expect_all(disk, promised, next);
      keys += promised.size();
      if (::testing::Test::HasFailure()) FAIL() << "crash at call " << call << ", seed " << seed;
    }
  }
  std::cout << points << " crashes tried, " << fired << " fired; " << keys << " keys promised, 0 lost\n";
  EXPECT_GT(fired, 100u);
}

TEST(RequestLog, LosesNothingPromisedWhenNothingUnsyncedSurvivesACrash) {
  crash_everywhere(Survives::kNothing);
}
TEST(RequestLog, LosesNothingPromisedWhenTheCacheSurvivesTheProcess) { crash_everywhere(Survives::kAll); }
TEST(RequestLog, LosesNothingPromisedWhenAnyPartOfTheUnsyncedSurvives) {
  crash_everywhere(Survives::kAnyPart);
}

TEST(RequestLog, LosesNothingPromisedWhenAnyCallFailsOnceOrForATime) {
  std::uint64_t fired = 0;
  for (const bool for_good : {false, true}) {
    for (std::uint64_t call = 1;; ++call) {
      LyingDisk disk(call);
      std::mt19937_64 random(call);
      std::set<std::uint64_t> promised;
      std::uint64_t next = 0;
      live(disk, promised, next, random, 2);
      disk.set_fault({.call = call, .for_good = for_good, .written_bytes = random() % 300});
      live(disk, promised, next, random, 6);
      if (disk.faults_fired() == 0) break;
      ++fired;
      disk.heal();
      live(disk, promised, next, random, 3);
      expect_all(disk, promised, next);
      disk.restart(Survives::kNothing);
      expect_all(disk, promised, next);
      if (HasFailure()) FAIL() << "call " << call << (for_good ? " and all later ones" : "") << " failed";
    }
  }
  EXPECT_GT(fired, 50u);
}

TEST(RequestLog, GoesOnWhenAFullDiskHasRoomAgain) {
  LyingDisk disk;
  Opened opened = open_well(disk);
  ASSERT_TRUE(append(*opened.log, keys_of(0, 3)));
  disk.set_room(kHeaderBytes + 4 * kEntryBytes);
  for (int i = 0; i < 5; ++i) {
    const auto full = append(*opened.log, keys_of(3, 9));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::kStorage);
  }
  disk.set_room(0);
  ASSERT_TRUE(append(*opened.log, keys_of(3, 9)));
  disk.restart(Survives::kNothing);
  EXPECT_EQ(open_well(disk).numbers, up_to(12));
}

TEST(RequestLog, DamageCostsTheKeysItHitsAndIsTold) {
  LyingDisk whole;
  {
    Opened opened = open_well(whole);
    for (std::uint64_t i = 0; i < 10; ++i) ASSERT_TRUE(append(*opened.log, keys_of(i * 2, 2)));
  }
  int told = 0, changed = 0;
  for (const int number : {1, 2, 3}) {
    const std::size_t bytes = whole.content(file(number))->size();
    for (std::size_t at = 0; at < bytes; ++at) {
      const auto disk = whole.copy();
      (*disk->content(file(number)))[at] ^= std::byte{0x10};
      auto opened = open(*disk);
      ASSERT_TRUE(opened) << opened.error().message;
      ++changed;
      const bool hits_header = at < kHeaderBytes;
      EXPECT_GE(opened->numbers.size(), hits_header ? 20u : 19u);
      const bool is_last_append = number == 3 && at >= kHeaderBytes + 2 * kEntryBytes;
      if (!hits_header && !is_last_append) {
        EXPECT_THAT(opened->log->problems(), SizeIs(1)) << number << " at " << at;
        told += static_cast<int>(opened->log->problems().size());
      }
      ASSERT_TRUE(append(*opened->log, keys_of(20, 3)));
      EXPECT_EQ(open_well(*disk).numbers.back(), 22u);
    }
  }
  std::cout << changed << " bytes changed, " << told << " losses told\n";
}

TEST(RequestLog, AMissingFileIsTold) {
  LyingDisk disk;
  ASSERT_TRUE(append(*open_well(disk).log, keys_of(0, 24)));
  disk.erase(file(2));
  const Opened opened = open_well(disk);
  EXPECT_THAT(opened.numbers, SizeIs(16));
  ASSERT_THAT(opened.log->problems(), SizeIs(1));
  EXPECT_THAT(opened.log->problems().front(), HasSubstr("requests-0000000000000002.log is missing"));
}

TEST(RequestLog, AFileOfANewerProgramIsRefused) {
  LyingDisk disk;
  ASSERT_TRUE(append(*open_well(disk).log, keys_of(0, 1)));
  std::vector<std::byte>& bytes = *disk.content(file(1));
  bytes[8] = std::byte{2};
  // The checksum of that header.
  constexpr unsigned kChecksum[] = {0x5A, 0x64, 0xCE, 0xD1};
  for (std::size_t i = 0; i < 4; ++i) bytes[40 + i] = static_cast<std::byte>(kChecksum[i]);
  const auto opened = open(disk);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kIncompatible);
}

TEST(RequestLog, LeavesFilesOfOthersAlone) {
  LyingDisk disk;
  ASSERT_TRUE(disk.create_folder("/spool"));
  for (const char* name :
       {"requests-1.log", "requests-0000000000000000.log", "requests-000000000000000G.log"})
    disk.put(std::filesystem::path("/spool") / name, bytes_of("notes"));
  EXPECT_THAT(open_well(disk).log->files(), IsEmpty());
  EXPECT_THAT(disk.names("/spool"), SizeIs(3));
}

TEST(RequestLog, ASpoolThatLostItsCheckpointStillOpensBesideIt) {
  LyingDisk disk;
  {
    auto spool = spool::Spool::open("/spool", small_spool(), disk);
    ASSERT_TRUE(spool);
    ASSERT_TRUE((*spool)->sync(*optiinfra::testing::append(**spool, bytes_of("rows"))));
    ASSERT_TRUE(append(*open_well(disk).log, keys_of(0, 2)));
  }
  disk.erase("/spool/checkpoint");
  auto spool = spool::Spool::open("/spool", small_spool(), disk);
  ASSERT_TRUE(spool) << spool.error().message;
  EXPECT_EQ((*spool)->recovery().records, 1u);
}

}  // namespace
