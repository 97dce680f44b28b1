// Compressed frames, written and read.
#include "optiinfra/codec/compression.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "optiinfra/codec/input_buffer.hpp"
#include "optiinfra/codec/output_buffer.hpp"
#include "streams.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;
using testing::from_frames;
using testing::in_frames;
using testing::sink_to;
using testing::telemetry;

constexpr std::string_view kGoldenText = "gpu-01 gpu-01 gpu-01 gpu-02 gpu-02 gpu-02 idle idle idle\n";

std::string name_of(Compression compression) {
  return compression == Compression::kNone ? "none" : compression == Compression::kLz4 ? "lz4" : "zstd";
}

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// The sizes before compression that the frames state.
std::vector<std::size_t> raw_sizes(const Bytes& frames) {
  std::vector<std::size_t> sizes;
  for (std::size_t at = 0; at < frames.size();) {
    std::uint32_t compressed = 0, raw = 0;
    std::memcpy(&compressed, frames.data() + at + 17, sizeof compressed);
    std::memcpy(&raw, frames.data() + at + 21, sizeof raw);
    sizes.push_back(raw);
    at += 16 + compressed;
  }
  return sizes;
}

class Frames : public ::testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Each, Frames,
                         ::testing::Values(Compression::kNone, Compression::kLz4, Compression::kZstd),
                         [](const auto& compression) { return name_of(compression.param); });

TEST_P(Frames, AreReadFromTheEnginesOwnBytes) {
  const Bytes golden = testing::golden("frame_" + name_of(GetParam()));
  ASSERT_FALSE(golden.empty()) << "foundations/codec/tests/golden/frame_" << name_of(GetParam())
                               << ".hex is missing";
  const auto read = from_frames(golden);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, bytes_of(kGoldenText));
}

TEST_P(Frames, AreWrittenWithTheEnginesHeader) {
  const Bytes golden = testing::golden("frame_" + name_of(GetParam()));
  const Bytes written = in_frames(GetParam(), bytes_of(kGoldenText));
  ASSERT_GT(written.size(), 25u);
  EXPECT_EQ(written[16], golden[16]);
  EXPECT_EQ(raw_sizes(written), std::vector<std::size_t>{kGoldenText.size()});
  // A compressor may choose other bytes from one version to the next; what is stored is the same for ever.
  if (GetParam() == Compression::kNone) {
    EXPECT_EQ(testing::to_hex(written), testing::to_hex(golden));
  }
}

TEST_P(Frames, GiveBackWhatWasWrittenInAnyPieces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, kFrameBytes - 1,
                                 kFrameBytes, kFrameBytes + 1, 2 * kFrameBytes + 12'345}) {
    const Bytes bytes = telemetry(size);
    for (const std::size_t written :
         {std::size_t{997}, std::size_t{1} << 16, kFrameBytes + 7, testing::kWhole}) {
      const Bytes frames = in_frames(GetParam(), bytes, written);
      EXPECT_EQ(frames.empty(), size == 0);
      for (const std::size_t piece : {std::size_t{1009}, kFrameBytes, 3 * kFrameBytes}) {
        const auto read = from_frames(frames, piece);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_TRUE(*read == bytes) << size << " bytes, in pieces of " << written << " and " << piece;
      }
    }
  }
}

TEST_P(Frames, AreNeverLargerThanTheirLimitAndSmallPiecesShareOne) {
  const Bytes bytes = telemetry(kFrameBytes * 2 + 5);
  EXPECT_EQ(raw_sizes(in_frames(GetParam(), bytes, 100)),
            (std::vector<std::size_t>{kFrameBytes, kFrameBytes, 5}));
  EXPECT_EQ(raw_sizes(in_frames(GetParam(), bytes)), (std::vector<std::size_t>{kFrameBytes, kFrameBytes, 5}));
}

TEST_P(Frames, EndWhereTheyAreFlushed) {
  Bytes frames;
  FrameWriter writer(GetParam(), sink_to(frames));
  ASSERT_TRUE(writer.flush());
  EXPECT_TRUE(frames.empty()) << "nothing was held back";
  ASSERT_TRUE(writer.write(telemetry(10)));
  EXPECT_TRUE(frames.empty()) << "ten bytes are held back";
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(writer.write(telemetry(20)));
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(raw_sizes(frames), (std::vector<std::size_t>{10, 20}));
}

TEST_P(Frames, StopAtTheFirstErrorOfTheSink) {
  int calls = 0;
  FrameWriter writer(GetParam(), [&calls](std::span<const std::byte>) -> Result<void> {
    return ++calls == 2 ? Result<void>(Error{ErrorKind::kUnavailable, "the peer is gone"}) : Result<void>{};
  });
  const auto written = writer.write(telemetry(5 * kFrameBytes));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "the peer is gone");
  EXPECT_FALSE(writer.write(telemetry(5)));
  EXPECT_FALSE(writer.flush());
  EXPECT_EQ(calls, 2);
}

TEST_P(Frames, AreTakenWholeAndNoFurtherFromAStreamThatCarriesMore) {
  constexpr std::uint64_t kPacketNumber = 300;
  for (const std::size_t read_ahead : {std::size_t{0}, std::size_t{100}, kInputBufferBytes}) {
    Bytes bytes;
    OutputBuffer output(sink_to(bytes));
    const Bytes content = telemetry(kFrameBytes + 100), frames = in_frames(GetParam(), content);
    for (int turn = 0; turn < 3; ++turn) {
      output.varint(kPacketNumber);
      output.raw(frames.data(), frames.size());
    }
    output.varint(kPacketNumber);
    ASSERT_TRUE(output.flush());

    InputBuffer input(testing::blocking_source(bytes, 10'000), "answer of db1", read_ahead);
    FrameReader reader(input);
    InputBuffer inside([&reader](std::span<std::byte> into) { return reader.read(into); }, "answer of db1");
    for (int turn = 0; turn < 3; ++turn) {
      ASSERT_EQ(input.varint(), kPacket);
      Bytes read(content.size());
      inside.raw(read.data(), read.size());
      EXPECT_TRUE(read == content);
      EXPECT_EQ(inside.buffered_bytes(), 0u);
    }
    EXPECT_EQ(input.varint(), kPacket);
    EXPECT_FALSE(input.failure());
    EXPECT_EQ(input.offset(), bytes.size());
  }
}

TEST_P(Frames, AreAskedOfASourceNoFurtherThanTheirEnd) {
  const Bytes frames = in_frames(GetParam(), telemetry(1000));
  FrameReader reader(testing::blocking_source(frames));
  Bytes read(1000);
  ASSERT_EQ(*reader.read(read), 1000u);
  EXPECT_TRUE(read == telemetry(1000));
  const auto further = reader.read(read);
  ASSERT_FALSE(further);
  EXPECT_EQ(further.error().message, "read past what was sent");
}

TEST(FrameDocument, ShowsTheGoldenExample) {
  const auto content = [](const std::string& path) {
    std::ifstream file(std::string(OPTIINFRA_SOURCE_DIR) + "/" + path);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  const std::string file = content("foundations/codec/tests/golden/frame_lz4.hex");
  const std::string example = file.substr(file.find('\n') + 1);
  ASSERT_GT(example.size(), 100u);
  EXPECT_NE(content("docs/formats/compressed_frames.md").find("```\n" + example + "```\n"),
            std::string::npos);
}

}  // namespace
}  // namespace optiinfra
