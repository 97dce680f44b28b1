// What is on the disk changes: a flipped bit, garbage, a file that is gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "checkpoint.hpp"
#include "segment_reader.hpp"
#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::testing;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::filesystem::path kFolder = "/spool";

Result<std::unique_ptr<spool::Spool>> open(LyingDisk& disk) {
  spool::SpoolOptions options = small_spool();
  options.segment_bytes = 512;
  return spool::Spool::open(kFolder, options, disk);
}

/// Where a record lies.
struct Extent {
  std::string file;
  std::uint64_t begin = 0, end = 0;
};

/// A spool that its owner did not close, with what it must give back.
struct Sample {
  LyingDisk disk;
  Uuid identity;
  std::map<spool::Sequence, std::vector<std::byte>> records;
  std::set<spool::Sequence> done;  ///< Acknowledged; may come back when the checkpoint is hit.
  std::map<spool::Sequence, Extent> extents;
  std::vector<std::string> segments;
};

void find_extents(Sample& sample) {
  for (const std::string& name : sample.segments) {
    const auto parsed = spool::parse_segment_name(name);
    const auto file = sample.disk.open(kFolder / name);
    spool::SegmentReader reader(
        **file, {sample.identity, parsed->number, parsed->first_sequence, ~spool::Sequence{0} - 1});
    for (auto record = reader.next(); record && *record; record = reader.next()) {
      const std::uint64_t bytes = spool::kRecordHeaderBytes + (*record)->payload.size();
      sample.extents[(*record)->sequence] = {name, (*record)->end - bytes, (*record)->end};
    }
  }
}

/// Three segments of records that are synced one by one, so that each tells of those before it.
std::unique_ptr<Sample> make_sample(bool with_acknowledged = false) {
  constexpr std::size_t kRecords = 9;
  auto sample = std::make_unique<Sample>();
  auto spool = open(sample->disk);
  sample->identity = (*spool)->identity();
  for (std::size_t i = 0; i < kRecords; ++i) {
    auto payload = payload_of(i, 24 + 12 * i);
    const auto sequence = append(**spool, payload);
    EXPECT_TRUE((*spool)->sync(*sequence));
    sample->records[*sequence] = std::move(payload);
    if (!with_acknowledged || i % 2 == 0) continue;
    EXPECT_TRUE((*spool)->acknowledge(*sequence));
    sample->done.insert(*sequence);
  }
  spool->reset();
  sample->disk.restart(Survives::kNothing);
  for (const std::string& name : sample->disk.names(kFolder)) {
    if (spool::parse_segment_name(name)) sample->segments.push_back(name);
  }
  std::sort(sample->segments.begin(), sample->segments.end());
  find_extents(*sample);
  EXPECT_EQ(sample->extents.size(), kRecords);
  return sample;
}

struct Seen {
  spool::RecoveryReport report;
  std::set<spool::Sequence> records;
  std::uint64_t wrong = 0;
};

/// Opens, replays, appends one record and opens again: nothing of that may fail, and the second opening
/// gives the same records and that one.
Seen look(LyingDisk& disk, const Sample& sample) {
  Seen seen;
  auto spool = open(disk);
  if (!spool) {
    ADD_FAILURE() << spool.error().message;
    return seen;
  }
  seen.report = (*spool)->recovery();
  const auto collect = [&](const spool::SpoolRecord& record) -> Result<void> {
    const auto known = sample.records.find(record.sequence);
    const bool right = known != sample.records.end() && std::ranges::equal(known->second, record.payload);
    if (!right || (!seen.records.empty() && *seen.records.rbegin() >= record.sequence)) ++seen.wrong;
    seen.records.insert(record.sequence);
    return {};
  };
  if (!(*spool)->replay(collect)) ++seen.wrong;
  const auto sequence = append(**spool, payload_of(1'000, 10));
  if (!sequence || !(*spool)->sync(*sequence) || sample.records.contains(*sequence)) ++seen.wrong;
  spool->reset();
  spool = open(disk);
  if (!spool || (*spool)->recovery().records != seen.records.size() + 1) ++seen.wrong;
  return seen;
}

std::set<spool::Sequence> lost(const Sample& sample, const Seen& seen) {
  std::set<spool::Sequence> lost;
  for (const auto& [sequence, payload] : sample.records) {
    if (!seen.records.contains(sequence) && !sample.done.contains(sequence)) lost.insert(sequence);
  }
  return lost;
}

std::set<spool::Sequence> hit_by(const Sample& sample, const std::string& file, std::uint64_t begin,
                                 std::uint64_t end) {
  std::set<spool::Sequence> hit;
  for (const auto& [sequence, extent] : sample.extents) {
    if (!sample.done.contains(sequence) && extent.file == file && extent.begin < end && begin < extent.end)
      hit.insert(sequence);
  }
  return hit;
}

/// Sanitizers take twenty times as long: there, one bit of each byte.
#ifdef __SANITIZE_ADDRESS__
constexpr unsigned kBitsFlipped = 1;
#else
constexpr unsigned kBitsFlipped = 8;
#endif

struct FlipCounts {
  std::uint64_t flips = 0, lost = 0, reported = 0, wrong = 0;
};

void flip_every_bit(const Sample& sample, const std::string& name, FlipCounts& counts) {
  const std::size_t size = sample.disk.copy()->content(kFolder / name)->size();
  const spool::Sequence newest = sample.records.rbegin()->first;
  for (std::size_t byte = 0; byte < size; ++byte) {
    // The checkpoint's slots are mostly zeros that mean nothing: a few of those stand for all.
    if (name == spool::kCheckpointName && byte % spool::kCheckpointSlotBytes > 240 && byte % 1'009 != 0)
      continue;
    for (unsigned i = 0; i < kBitsFlipped; ++i) {
      const unsigned bit = (static_cast<unsigned>(byte) + i) % 8;
      const auto disk = sample.disk.copy();
      (*disk->content(kFolder / name))[byte] ^= static_cast<std::byte>(1u << bit);
      const Seen seen = look(*disk, sample);
      const auto gone = lost(sample, seen);
      ++counts.flips;
      counts.lost += gone.size();
      counts.wrong += seen.wrong;
      ASSERT_EQ(gone, hit_by(sample, name, byte, byte + 1)) << name << " byte " << byte << " bit " << bit;
      // Nothing on the disk tells that the newest record of all had been synced.
      if (gone.empty() || gone.contains(newest)) continue;
      ASSERT_FALSE(seen.report.intact()) << name << " byte " << byte << " bit " << bit;
      ASSERT_EQ(seen.report.records_missing, 1u);
      ++counts.reported;
    }
  }
}

TEST(Damage, AFlippedBitAnywhereCostsAtMostTheRecordItHits) {
  FlipCounts counts;
  for (const bool with_acknowledged : {false, true}) {
    const auto sample = make_sample(with_acknowledged);
    ASSERT_GE(sample->segments.size(), 3u);
    for (const std::string& name : sample->disk.names(kFolder)) flip_every_bit(*sample, name, counts);
  }
  std::cout << counts.flips << " bits flipped, " << counts.lost << " records hit and refused ("
            << counts.reported << " reported, the others torn tails), 0 others lost, " << counts.wrong
            << " wrong ones accepted\n";
  EXPECT_EQ(counts.wrong, 0u);
  EXPECT_GT(counts.reported, 1'000u * kBitsFlipped);
}

TEST(Damage, AFileCutAtAnyByteKeepsTheRecordsBefore) {
  const auto sample = make_sample();
  const std::string& name = sample->segments.back();
  const std::size_t size = sample->disk.content(kFolder / name)->size();
  for (std::size_t cut = 0; cut < size; ++cut) {
    const auto disk = sample->disk.copy();
    disk->content(kFolder / name)->resize(cut);
    const Seen seen = look(*disk, *sample);
    ASSERT_EQ(lost(*sample, seen), hit_by(*sample, name, cut, size)) << cut;
    ASSERT_EQ(seen.wrong, 0u) << cut;
  }
}

TEST(Damage, ZerosOverTheTailAreATornTailAndNoAlarm) {
  const auto sample = make_sample();
  const std::string& name = sample->segments.back();
  const spool::Sequence newest = sample->records.rbegin()->first;
  const Extent extent = sample->extents[newest];
  for (std::uint64_t from = extent.begin; from < extent.end; ++from) {
    const auto disk = sample->disk.copy();
    auto& bytes = *disk->content(kFolder / name);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), std::byte{0});
    const Seen seen = look(*disk, *sample);
    ASSERT_EQ(lost(*sample, seen), std::set{newest});
    ASSERT_TRUE(seen.report.intact());
    ASSERT_EQ(seen.wrong, 0u);
  }
}

TEST(Damage, GarbageOfAnyLengthCostsTheRecordsItCovers) {
  const auto sample = make_sample();
  std::mt19937_64 random(11);
  for (int round = 0; round < 500; ++round) {
    const auto disk = sample->disk.copy();
    const std::string& name = sample->segments[random() % sample->segments.size()];
    auto& bytes = *disk->content(kFolder / name);
    const std::size_t begin = random() % bytes.size();
    const std::size_t end = std::min(bytes.size(), begin + 1 + random() % 400);
    const auto noise = payload_of(random(), end - begin);
    std::copy(noise.begin(), noise.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin));
    const Seen seen = look(*disk, *sample);
    ASSERT_EQ(lost(*sample, seen), hit_by(*sample, name, begin, end)) << name << " " << begin << " " << end;
    ASSERT_EQ(seen.wrong, 0u);
  }
}

TEST(Damage, AnySegmentThatIsMissingIsReportedAndTheOthersAreRead) {
  const auto sample = make_sample();
  for (const std::string& name : sample->segments) {
    if (name == sample->segments.back()) continue;
    const auto disk = sample->disk.copy();
    disk->erase(kFolder / name);
    const Seen seen = look(*disk, *sample);
    EXPECT_EQ(lost(*sample, seen), hit_by(*sample, name, 0, ~std::uint64_t{0}));
    EXPECT_EQ(seen.report.segments_missing, 1u) << name;
    EXPECT_THAT(seen.report.problems, Contains(HasSubstr("is missing")));
    EXPECT_EQ(seen.wrong, 0u);
  }
}

TEST(Damage, TheNewestSegmentIsMissedOnceACheckpointKnowsIt) {
  const auto sample = make_sample();
  open(sample->disk)->reset();
  const auto disk = sample->disk.copy();
  disk->erase(kFolder / sample->segments.back());
  const Seen seen = look(*disk, *sample);
  EXPECT_EQ(seen.report.segments_missing, 1u);
  EXPECT_EQ(seen.report.records_missing, lost(*sample, seen).size());
  EXPECT_GT(seen.report.records_missing, 0u);
}

TEST(Damage, WithoutACheckpointAllRecordsAreThereAndItIsTold) {
  const auto sample = make_sample();
  for (const bool erased : {true, false}) {
    const auto disk = sample->disk.copy();
    if (erased) {
      disk->erase(kFolder / spool::kCheckpointName);
    } else {
      auto& bytes = *disk->content(kFolder / spool::kCheckpointName);
      std::fill(bytes.begin(), bytes.end(), std::byte{0x55});
    }
    const Seen seen = look(*disk, *sample);
    EXPECT_TRUE(lost(*sample, seen).empty());
    EXPECT_TRUE(seen.report.checkpoint_damaged);
    EXPECT_FALSE(seen.report.intact());
    EXPECT_EQ(seen.wrong, 0u);
  }
}

TEST(Damage, ASpoolWhoseIdentityStandsNowhereIsRefusedAndLeftAsItIs) {
  const auto sample = make_sample();
  sample->disk.erase(kFolder / spool::kCheckpointName);
  for (const std::string& name : sample->segments)
    (*sample->disk.content(kFolder / name))[20] ^= std::byte{1};
  const auto names = sample->disk.names(kFolder);
  const auto spool = open(sample->disk);
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(sample->disk.names(kFolder), names);
}

TEST(Damage, RecordsOfAnotherSpoolAreNotTaken) {
  const auto sample = make_sample();
  const auto other = make_sample();
  const auto disk = sample->disk.copy();
  disk->put(kFolder / sample->segments[1], *other->disk.content(kFolder / other->segments[1]));
  const Seen seen = look(*disk, *sample);
  EXPECT_EQ(seen.wrong, 0u);
  EXPECT_EQ(lost(*sample, seen), hit_by(*sample, sample->segments[1], 0, ~std::uint64_t{0}));
  EXPECT_FALSE(seen.report.intact());
}

TEST(Damage, ACopyOfARecordWithinAPayloadIsNoRecord) {
  // The payload of the second is the whole first, header included; then the second's own header is hit.
  LyingDisk disk;
  Sample sample;
  auto spool = open(disk);
  const auto first = append(**spool, payload_of(1, 40));
  ASSERT_TRUE((*spool)->sync(*first));
  const auto name = disk.names(kFolder);
  const auto segment = *std::find_if(name.begin(), name.end(), spool::parse_segment_name);
  const auto& bytes = *disk.content(kFolder / segment);
  const std::vector<std::byte> copy(bytes.begin() + spool::kSegmentHeaderBytes,
                                    bytes.begin() + spool::kSegmentHeaderBytes + 72);
  const auto second = append(**spool, copy);
  const auto third = append(**spool, payload_of(3, 40));
  ASSERT_TRUE((*spool)->sync(*third));
  spool->reset();
  disk.restart(Survives::kNothing);
  sample.records = {{*first, payload_of(1, 40)}, {*second, copy}, {*third, payload_of(3, 40)}};
  (*disk.content(kFolder / segment))[spool::kSegmentHeaderBytes + 72] ^= std::byte{1};
  const Seen seen = look(disk, sample);
  EXPECT_EQ(seen.records, (std::set{*first, *third}));
  EXPECT_EQ(seen.wrong, 0u);
}

TEST(Damage, ADamagedSegmentIsSetAsideWhenItsOtherRecordsAreDone) {
  const auto sample = make_sample();
  const std::string name = sample->segments.front();
  (*sample->disk.content(kFolder / name))[spool::kSegmentHeaderBytes + 40] ^= std::byte{1};
  open(sample->disk)->reset();  // Reported here, and known ever after.
  auto spool = open(sample->disk);
  for (const auto& [sequence, extent] : sample->extents) ASSERT_TRUE((*spool)->acknowledge(sequence));
  EXPECT_THAT(sample->disk.names(kFolder), Contains(name + ".damaged"));
  EXPECT_EQ((*spool)->usage().damaged_segments, 1u);
  EXPECT_EQ((*spool)->usage().segments, 0u);
}

TEST(Damage, ADiskThatChangesAfterTheOpeningIsToldByReplay) {
  const auto sample = make_sample();
  auto spool = open(sample->disk);
  const Extent extent = sample->extents.begin()->second;
  (*sample->disk.content(kFolder / extent.file))[extent.end - 1] ^= std::byte{1};
  std::uint64_t given = 0;
  const auto replayed = (*spool)->replay([&given](const spool::SpoolRecord&) -> Result<void> {
    ++given;
    return {};
  });
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().kind, ErrorKind::kCorrupt);
  EXPECT_EQ(given, sample->records.size() - 1);
}

}  // namespace
