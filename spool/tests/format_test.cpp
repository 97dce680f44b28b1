// The bytes that docs/formats/spool.md shows.
#include "format.hpp"

#include <gtest/gtest.h>

#include <random>

#include "checkpoint.hpp"
#include "crc32c.hpp"
#include "spool_model.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::spool;
using namespace optiinfra::spool;
using optiinfra::testing::bytes_of;

const Uuid kIdentity{0x0011'2233'4455'6677, 0x8899'AABB'CCDD'EEFF};

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    const char* digits = "0123456789abcdef";
    text += digits[static_cast<unsigned>(byte) >> 4];
    text += digits[static_cast<unsigned>(byte) & 15];
  }
  return text;
}

TEST(Crc32c, GivesThePublishedValues) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xE306'9283u);
  // RFC 3720, B.4.
  EXPECT_EQ(crc32c(std::vector<std::byte>(32)), 0x8A91'36AAu);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xFF})), 0x62A8'AB43u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, IsTheSameByInstructionAndByTablesAndInPieces) {
  std::mt19937_64 random(3);
  for (std::size_t size = 0; size < 300; ++size) {
    std::vector<std::byte> bytes(size + 8);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    const Bytes all = Bytes(bytes).subspan(random() % 8, size);
    const std::size_t cut = size == 0 ? 0 : random() % size;
    EXPECT_EQ(crc32c(all), crc32c_by_tables(all));
    EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all));
  }
}

TEST(SegmentHeader, HasTheBytesOfTheSpecification) {
  SegmentHeader header;
  header.identity = kIdentity;
  header.number = 7;
  header.first_sequence = 0x2'0000'0001;
  header.previous_segment = 6;
  header.previous_sequence = 0x2'0000'0000;
  header.created = 1'772'366'400;
  const auto bytes = encode(header);
  EXPECT_EQ(hex(bytes),
            "4f4953504f4f4c53010000000000000000112233445566778899aabbccddeeff"
            "0700000000000000010000000200000006000000000000000000000002000000"
            "402aa469000000007a35d65100000000");
  const auto read = decode_segment_header(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->previous_sequence, header.previous_sequence);
  EXPECT_EQ(read->created, header.created);
}

TEST(RecordHeader, HasTheBytesOfTheSpecification) {
  const auto payload = bytes_of("hello");
  const RecordHeader header{RecordKind::kData, 5, 0x2'0000'0001, 0x2'0000'0000, crc32c(payload)};
  const auto bytes = encode(header, record_seed(kIdentity, 7), kSegmentHeaderBytes);
  EXPECT_EQ(hex(bytes), "4f53443105000000010000000200000000000000020000004cbb719a065cd612");
}

TEST(RecordHeader, IsOneAtItsPlaceOnly) {
  const RecordHeader header{RecordKind::kData, 5, 9, 8, 0};
  const auto bytes = encode(header, record_seed(kIdentity, 7), 80);
  EXPECT_TRUE(decode_record_header(bytes, record_seed(kIdentity, 7), 80));
  EXPECT_FALSE(decode_record_header(bytes, record_seed(kIdentity, 7), 81));
  EXPECT_FALSE(decode_record_header(bytes, record_seed(kIdentity, 8), 80));
  EXPECT_FALSE(decode_record_header(bytes, record_seed(Uuid{1, 2}, 7), 80));
  EXPECT_FALSE(decode_record_header(Bytes(bytes).first(31), record_seed(kIdentity, 7), 80));
}

Checkpoint sample_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.identity = kIdentity;
  checkpoint.counter = 5;
  checkpoint.run = 2;
  checkpoint.last_segment = 8;
  checkpoint.durable = 0x2'0000'0009;
  checkpoint.segments = {{7, 0x2'0000'0001, 0x2'0000'0006, true}, {8, 0x2'0000'0007, kStillGrowing, false}};
  checkpoint.acknowledged = {{0x2'0000'0002, 0x2'0000'0004}};
  return checkpoint;
}

TEST(CheckpointBytes, AreThoseOfTheSpecification) {
  const auto bytes = encode(sample_checkpoint());
  EXPECT_EQ(hex(bytes),
            "4f4953504f4f4c43010000009c00000000112233445566778899aabbccddeeff"
            "0500000000000000020000000000000008000000000000000900000002000000"
            "000000000000000002000000000000000100000000000000"
            "070000000000008001000000020000000600000002000000"
            "08000000000000000700000002000000ffffffffffffffff"
            "0200000002000000040000000200000085f27a4a");
}

TEST(CheckpointBytes, ComeBackAsTheyWereAndAreRefusedWhenCutOrFlipped) {
  auto bytes = encode(sample_checkpoint());
  std::optional<std::uint32_t> newer;
  const auto read = decode_checkpoint(bytes, newer);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->segments.size(), 2u);
  EXPECT_TRUE(read->segments[0].damaged);
  EXPECT_EQ(read->segments[0].number, 7u);
  EXPECT_EQ(read->acknowledged[0].last, 0x2'0000'0004u);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_checkpoint(Bytes(bytes).first(size), newer)) << size;
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    EXPECT_FALSE(decode_checkpoint(bytes, newer)) << bit;
    bytes[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
  }
  EXPECT_FALSE(newer) << "a flipped version is damage, not a newer program";
}

TEST(CheckpointBytes, LeaveOutTheLastRangesWhenThereAreTooMany) {
  Checkpoint checkpoint = sample_checkpoint();
  for (spool::Sequence i = 0; i < 10'000; ++i) checkpoint.acknowledged.push_back({i, i});
  const auto bytes = encode(checkpoint);
  EXPECT_LE(bytes.size(), kCheckpointSlotBytes);
  std::optional<std::uint32_t> newer;
  const auto read = decode_checkpoint(bytes, newer);
  ASSERT_TRUE(read);
  EXPECT_GT(read->acknowledged.size(), 1'000u);
  EXPECT_LT(read->acknowledged.size(), 10'000u);
}

TEST(SegmentNames, AreReadExactlyAsTheyAreWritten) {
  const std::string text = to_string(SegmentName{7, 0x2'0000'0001});
  EXPECT_EQ(text, "0000000000000007-0000000200000001.segment");
  ASSERT_TRUE(parse_segment_name(text));
  EXPECT_EQ(parse_segment_name(text)->first_sequence, 0x2'0000'0001u);
  for (const char* wrong :
       {"", "7-1.segment", "0000000000000000-0000000200000001.segment",
        "0000000000000007-000000020000000A.segment", "000000000000000A-0000000200000001.segment",
        "0000000000000007-0000000200000001.segment.damaged", "ffffffffffffffff-0000000200000001.segment"})
    EXPECT_FALSE(parse_segment_name(wrong)) << wrong;
}

}  // namespace
