// Frames that nobody should send: each is refused by name, before it costs memory.
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstring>

#include "city_hash.hpp"
#include "optiinfra/testing/program.hpp"
#include "streams.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;
using testing::from_frames;
using testing::in_frames;
using testing::telemetry;

constexpr unsigned kNone = 0x02, kLz4 = 0x82, kZstd = 0x90;

/// A frame whose checksum is right, whatever else it says.
Bytes frame(unsigned method, std::uint32_t compressed_bytes, std::uint32_t raw_bytes, const Bytes& payload) {
  Bytes bytes(25 + payload.size());
  bytes[16] = static_cast<std::byte>(method);
  std::memcpy(bytes.data() + 17, &compressed_bytes, sizeof compressed_bytes);
  std::memcpy(bytes.data() + 21, &raw_bytes, sizeof raw_bytes);
  std::copy(payload.begin(), payload.end(), bytes.begin() + 25);
  const auto checksum = city_hash_128(std::span(bytes).subspan(16));
  std::memcpy(bytes.data(), checksum.data(), sizeof checksum);
  return bytes;
}

Bytes frame(unsigned method, std::uint32_t raw_bytes, const Bytes& payload) {
  return frame(method, static_cast<std::uint32_t>(9 + payload.size()), raw_bytes, payload);
}

void expect_frame_refused(const Bytes& frames, ErrorKind kind, std::string_view why) {
  const auto read = from_frames(frames);
  ASSERT_FALSE(read) << "taken, though: " << why;
  EXPECT_EQ(read.error().kind, kind) << read.error().message;
  EXPECT_NE(read.error().message.find(why), std::string::npos) << read.error().message;
  EXPECT_NE(read.error().message.find("compressed frame at byte "), std::string::npos)
      << read.error().message;
}

TEST(FrameReader, RefusesEveryProperPrefix) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    const Bytes whole = in_frames(compression, telemetry(300));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      expect_frame_refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                           ErrorKind::kCorrupt, "the input ends too early");
    }
  }
}

TEST(FrameReader, RefusesEveryFlippedBit) {
  for (const Compression compression : {Compression::kNone, Compression::kLz4, Compression::kZstd}) {
    const Bytes whole = in_frames(compression, telemetry(300));
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      Bytes flipped = whole;
      flipped[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(from_frames(flipped)) << "bit " << bit;
    }
    Bytes payload = whole;
    payload.back() ^= std::byte{1};
    expect_frame_refused(payload, ErrorKind::kCorrupt, "the checksum is wrong");
  }
}

TEST(FrameReader, NamesTheFrameThatIsWrong) {
  const Bytes good = in_frames(Compression::kLz4, telemetry(300));
  Bytes bytes = good;
  bytes.insert(bytes.end(), good.begin(), good.end());
  bytes.back() ^= std::byte{1};
  expect_frame_refused(bytes, ErrorKind::kCorrupt, "compressed frame at byte " + std::to_string(good.size()));
}

TEST(FrameReader, RefusesWhatItsHeaderCannotMean) {
  const Bytes ten(10, std::byte{0});
  expect_frame_refused(frame(0x91, 10, ten), ErrorKind::kCorrupt, "unknown method 145");
  expect_frame_refused(frame(0x00, 10, ten), ErrorKind::kCorrupt, "unknown method 0");
  expect_frame_refused(frame(kNone, 8, 10, ten), ErrorKind::kCorrupt, "smaller than its header");
  expect_frame_refused(frame(kLz4, kFrameBytesMax + 1, 10, ten), ErrorKind::kTooLarge,
                       "a size of 1073741825");
  expect_frame_refused(frame(kLz4, 0xFFFF'FFFF, 10, ten), ErrorKind::kTooLarge, "a size of 4294967295");
  expect_frame_refused(frame(kLz4, kFrameBytesMax + 1, ten), ErrorKind::kTooLarge,
                       "a size before compression");
  expect_frame_refused(frame(kNone, 11, ten), ErrorKind::kCorrupt, "10 bytes cannot hold the 11 stated");
  expect_frame_refused(frame(kNone, 9, ten), ErrorKind::kCorrupt, "10 bytes cannot hold the 9 stated");
  expect_frame_refused(frame(kLz4, 2551, ten), ErrorKind::kCorrupt, "10 bytes cannot hold the 2551 stated");
  expect_frame_refused(frame(kZstd, (3 << 17), ten), ErrorKind::kCorrupt,
                       "10 bytes cannot hold the 393216 stated");
}

Bytes zstd(std::size_t raw_bytes) {
  const Bytes raw(raw_bytes);
  Bytes payload(ZSTD_compressBound(raw_bytes));
  payload.resize(ZSTD_compress(payload.data(), payload.size(), raw.data(), raw.size(), 1));
  return payload;
}

TEST(FrameReader, RefusesAPayloadThatIsNotWhatItsHeaderSays) {
  const Bytes lz4 = in_frames(Compression::kLz4, telemetry(300));
  const Bytes payload(lz4.begin() + 25, lz4.end());
  ASSERT_TRUE(from_frames(frame(kLz4, 300, payload)));
  for (const std::uint32_t raw_bytes : {0, 1, 299, 301, 20'000})
    expect_frame_refused(frame(kLz4, raw_bytes, payload), ErrorKind::kCorrupt, "does not decompress");
  expect_frame_refused(frame(kLz4, 50, Bytes(50, std::byte{0xFF})), ErrorKind::kCorrupt,
                       "does not decompress");

  ASSERT_TRUE(from_frames(frame(kZstd, 5000, zstd(5000))));
  expect_frame_refused(frame(kZstd, 5001, zstd(5000)), ErrorKind::kCorrupt, "another size than its header");
  expect_frame_refused(frame(kZstd, 50, Bytes(50, std::byte{7})), ErrorKind::kCorrupt,
                       "another size than its header");
  Bytes cut = zstd(5000);
  cut.pop_back();
  expect_frame_refused(frame(kZstd, 5000, cut), ErrorKind::kCorrupt, "does not decompress");
  expect_frame_refused(frame(kZstd, 1, {}), ErrorKind::kCorrupt, "0 bytes cannot hold the 1 stated");
}

TEST(FrameReader, TakesFramesThatAreDenseOrEmpty) {
  for (const std::size_t size : {std::size_t{100'000}, std::size_t{50'000'000}}) {
    const auto read = from_frames(frame(kZstd, static_cast<std::uint32_t>(size), zstd(size)));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(*read == Bytes(size));
    const auto zeros = from_frames(in_frames(Compression::kLz4, Bytes(size)));
    ASSERT_TRUE(zeros) << zeros.error().message;
    EXPECT_TRUE(*zeros == Bytes(size));
  }
  Bytes frames = frame(kNone, 0, {});
  const Bytes second = frame(kLz4, 0, {std::byte{0}}), third = in_frames(Compression::kZstd, telemetry(5));
  frames.insert(frames.end(), second.begin(), second.end());
  frames.insert(frames.end(), third.begin(), third.end());
  const auto read = from_frames(frames);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, telemetry(5));
}

TEST(FrameReader, TakesNoMemoryForBytesThatDoNotComeOrCannotBe) {
  if (!testing::reset_peak_memory()) GTEST_SKIP() << "/proc/self/clear_refs cannot be written here";
  const std::size_t before = testing::peak_memory_bytes();
  for (const unsigned method : {kNone, kLz4, kZstd}) {
    EXPECT_FALSE(from_frames(frame(method, kFrameBytesMax, Bytes(10))));
    EXPECT_FALSE(from_frames(frame(method, kFrameBytesMax, kFrameBytesMax - 9, Bytes(10))));
  }
  // A payload that is as long as the size stated needs, and states another one itself.
  Bytes payload = zstd(100);
  payload.resize(40'000);
  expect_frame_refused(frame(kZstd, kFrameBytesMax, payload), ErrorKind::kCorrupt,
                       "another size than its header");
  EXPECT_LT(testing::peak_memory_bytes() - before, std::size_t{32} << 20);
}

TEST(FrameReader, RepeatsItsErrorForEver) {
  Bytes frames = in_frames(Compression::kLz4, telemetry(300));
  frames[0] ^= std::byte{1};
  const Bytes good = in_frames(Compression::kLz4, telemetry(300));
  frames.insert(frames.end(), good.begin(), good.end());
  FrameReader reader(testing::source_of(frames));
  Bytes into(1000);
  for (int call = 0; call < 3; ++call) {
    const auto read = reader.read(into);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("the checksum is wrong"), std::string::npos);
  }
}

}  // namespace
}  // namespace optiinfra
