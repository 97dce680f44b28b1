// Readers and writers that take turns on one stream, as packets and blocks do on a connection.
#include <gtest/gtest.h>

#include "optiinfra/codec/input_buffer.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/output_buffer.hpp"
#include "streams.hpp"

namespace optiinfra {
namespace {

using testing::blocking_source;
using testing::Bytes;
using testing::same_blocks;
using testing::sink_to;

constexpr std::uint64_t kPacket = 300;

/// Larger than every buffer, so that it also takes the way without a copy.
Block large_block() {
  std::vector<std::uint64_t> numbers(kInputBufferBytes / sizeof(std::uint64_t) + 1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i * i;
  Strings texts;
  for (std::size_t i = 0; i < numbers.size(); ++i) texts.append(std::string(i % 19, 't'));
  Block block;
  block.add({"n", "UInt64", std::move(numbers)});
  block.add({"s", "String", std::move(texts)});
  return block;
}

/// Each sample and the large block, a packet number before each and after the last.
Bytes conversation(NativeForm form) {
  Bytes bytes;
  OutputBuffer output(sink_to(bytes));
  for (const auto& sample : testing::samples()) {
    output.varint(kPacket);
    write_native(block_of(sample), output, form);
  }
  output.varint(kPacket);
  write_native(large_block(), output, form);
  output.varint(kPacket);
  EXPECT_TRUE(output.flush());
  return bytes;
}

class Turns : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(PieceBytes, Turns, ::testing::Values(1, 7, 65'535, 65'536, 1 << 24));

TEST_P(Turns, PacketsAndBlocksShareOneInputAndNothingIsReadPastTheLast) {
  for (const NativeForm form : {NativeForm::kFile, NativeForm::kProtocol}) {
    for (const std::size_t read_ahead : {std::size_t{0}, std::size_t{10}, kInputBufferBytes}) {
      const Bytes bytes = conversation(form);
      InputBuffer input(blocking_source(bytes, GetParam()), "answer of db1", read_ahead);
      NativeReader reader(input, form);
      for (const auto& sample : testing::samples()) {
        ASSERT_EQ(input.varint(), kPacket);
        Block block;
        const auto read = reader.next(block);
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_TRUE(same_blocks(block, block_of(sample))) << sample.name;
      }
      ASSERT_EQ(input.varint(), kPacket);
      Block block;
      ASSERT_TRUE(reader.next(block));
      EXPECT_TRUE(same_blocks(block, large_block()));
      EXPECT_EQ(input.varint(), kPacket);
      EXPECT_FALSE(input.failure());
      EXPECT_EQ(input.offset(), bytes.size());
      EXPECT_EQ(input.buffered_bytes(), 0u);
      EXPECT_TRUE(input.at_end());
      EXPECT_EQ(input.failure()->message, "read past what was sent");
    }
  }
}

TEST(InputBuffer, WithoutReadAheadAsksForNoMoreThanACallNeeds) {
  std::size_t asked = 0;
  InputBuffer input(
      [&asked](std::span<std::byte> into) -> Result<std::size_t> {
        asked += into.size();
        std::fill(into.begin(), into.end(), std::byte{1});
        return into.size();
      },
      "test", 0);
  EXPECT_EQ(input.number<std::uint32_t>(), 0x01010101u);
  EXPECT_EQ(input.varint(), 1u);
  EXPECT_EQ(input.text(1, "a text"), "\1");
  std::vector<char> many(1'000'000);
  input.raw(many.data(), many.size());
  EXPECT_EQ(asked, 4 + 1 + 2 + many.size());
}

TEST(InputBuffer, GivesZerosAndRepeatsTheFirstFailureAfterIt) {
  const Bytes bytes{std::byte{5}, std::byte{6}, std::byte{7}};
  InputBuffer input(
      [&bytes, given = false](std::span<std::byte> into) mutable -> Result<std::size_t> {
        if (std::exchange(given, true)) return std::size_t{0};
        std::copy(bytes.begin(), bytes.end(), into.begin());
        return bytes.size();
      },
      "answer of db1");
  input.set_place("packet 2");
  EXPECT_EQ(input.bounded(5, 4, "a count"), 0u);
  ASSERT_TRUE(input.failure());
  EXPECT_EQ(input.failure()->message, "answer of db1, byte 0, packet 2: a count of 5 is over the limit of 4");
  EXPECT_EQ(input.varint(), 0u);
  EXPECT_EQ(input.number<std::uint16_t>(), 0u);
  EXPECT_EQ(input.text(10, "a text"), "");
  std::byte one{9};
  EXPECT_EQ(input.some({&one, 1}), 0u);
  EXPECT_TRUE(input.at_end());
  input.fail(ErrorKind::kCorrupt, "another");
  EXPECT_EQ(input.failure()->kind, ErrorKind::kTooLarge);
  EXPECT_EQ(input.offset(), 0u);
}

TEST(InputBuffer, SaysWhereAnInputEndsTooEarly) {
  const Bytes bytes{std::byte{5}, std::byte{'a'}, std::byte{'b'}};
  InputBuffer input(
      [&bytes, given = false](std::span<std::byte> into) mutable -> Result<std::size_t> {
        if (std::exchange(given, true)) return std::size_t{0};
        std::copy(bytes.begin(), bytes.end(), into.begin());
        return bytes.size();
      },
      "test");
  EXPECT_EQ(input.text(10, "a text"), "");
  ASSERT_TRUE(input.failure());
  EXPECT_EQ(input.failure()->kind, ErrorKind::kCorrupt);
  EXPECT_EQ(input.failure()->message, "test, byte 3: the input ends too early");
}

TEST(OutputBuffer, SendsNothingAfterItsSinkFails) {
  int calls = 0;
  OutputBuffer output([&calls](std::span<const std::byte>) -> Result<void> {
    ++calls;
    return Error{ErrorKind::kUnavailable, "the peer is gone"};
  });
  const std::vector<char> large(kOutputBufferBytes);
  output.raw(large.data(), large.size());
  output.raw(large.data(), large.size());
  output.varint(7);
  for (int call = 0; call < 2; ++call) {
    const auto status = output.flush();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "the peer is gone");
  }
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace optiinfra
