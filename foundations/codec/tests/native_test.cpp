// Every type that the codec knows: its exact bytes, its round trip, and each way to cut it short.
#include "optiinfra/codec/native.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/codec/type.hpp"
#include "samples.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;
using testing::decode;
using testing::encode;
using testing::same_blocks;
using testing::Sample;

class NativeType : public ::testing::TestWithParam<Sample> {};
INSTANTIATE_TEST_SUITE_P(Each, NativeType, ::testing::ValuesIn(testing::samples()),
                         [](const auto& sample) { return std::string(sample.param.name); });

TEST_P(NativeType, IsWrittenAsItsGoldenBytes) {
  const Bytes expected = testing::golden(GetParam().name), written = encode(block_of(GetParam()));
  ASSERT_FALSE(expected.empty()) << "foundations/codec/tests/golden/" << GetParam().name
                                 << ".hex is missing; written now:\n"
                                 << testing::to_hex(written);
  EXPECT_EQ(testing::to_hex(written), testing::to_hex(expected));
}

TEST_P(NativeType, IsReadBackEqual) {
  const Block block = block_of(GetParam());
  const auto blocks = decode(encode(block));
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 1u);
  EXPECT_TRUE(same_blocks(blocks->front(), block));
  EXPECT_EQ(encode(blocks->front()), encode(block));
}

TEST_P(NativeType, IsReadInAnyPieces) {
  const Block block = block_of(GetParam());
  for (const std::size_t piece_bytes : {1, 2, 3, 7}) {
    const auto blocks = decode(encode(block), piece_bytes);
    ASSERT_TRUE(blocks) << blocks.error().message;
    EXPECT_TRUE(same_blocks(blocks->front(), block)) << "in pieces of " << piece_bytes;
  }
}

TEST_P(NativeType, RefusesEveryProperPrefix) {
  const Bytes bytes = encode(block_of(GetParam()));
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto blocks = decode(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_FALSE(blocks) << size << " bytes of " << bytes.size() << " were taken for a block";
    EXPECT_EQ(blocks.error().kind, ErrorKind::kCorrupt);
    EXPECT_NE(blocks.error().message.find("byte " + std::to_string(size)), std::string::npos)
        << blocks.error().message;
  }
}

TEST_P(NativeType, IsWrittenWithoutDataWhenThereAreNoRows) {
  Block block;
  block.add({"v", GetParam().type, *empty_column(GetParam().type)});
  const Bytes bytes = encode(block);
  EXPECT_EQ(bytes.size(), 2 + 2 + 1 + std::string(GetParam().type).size());
  const auto blocks = decode(bytes);
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 1u);
  EXPECT_TRUE(blocks->front().empty());
  EXPECT_TRUE(same_blocks(blocks->front(), block));
}

TEST(NativeWriter, WritesSeveralColumnsAndBlocksOneBehindTheOther) {
  Block block;
  for (const Sample& sample : testing::samples()) {
    if (row_count(sample.values()) == 3) block.add({sample.name, sample.type, sample.values()});
  }
  ASSERT_GT(block.columns().size(), 10u);
  Bytes bytes = encode(block);
  const Bytes second = encode(block);
  bytes.insert(bytes.end(), second.begin(), second.end());
  const auto blocks = decode(bytes);
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_TRUE(same_blocks(blocks->front(), block));
  EXPECT_TRUE(same_blocks(blocks->back(), block));
}

TEST(NativeWriter, StopsAtTheFirstErrorOfItsSink) {
  Block block;
  block.add({"v", "UInt64", std::vector<std::uint64_t>(100'000)});
  block.add({"w", "UInt64", std::vector<std::uint64_t>(100'000)});
  int calls = 0;
  const auto status = write_native(block, [&calls](auto) -> Result<void> {
    return ++calls == 1 ? Result<void>{} : Result<void>(Error{ErrorKind::kStorage, "full"});
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "full");
  EXPECT_EQ(calls, 2);
}

TEST(NativeWriter, HandsOverLargeColumnsFromWhereTheyLie) {
  std::vector<std::uint64_t> values(100'000, 7);
  const void* const address = values.data();
  Block block;
  block.add({"v", "UInt64", std::move(values)});
  bool seen = false;
  ASSERT_TRUE(write_native(block, [&](std::span<const std::byte> bytes) -> Result<void> {
    seen = seen || (bytes.data() == address && bytes.size() == 800'000);
    return {};
  }));
  EXPECT_TRUE(seen);
}

/// The byte that tells the index width: after the two counts, name, type and the version.
std::byte index_width(std::uint32_t key_count) {
  Dictionary values;
  for (std::uint32_t i = 1; i < key_count; ++i) values.append(std::to_string(i));
  EXPECT_EQ(values.key_count(), key_count);
  Block block;
  block.add({"v", "LowCardinality(String)", std::move(values)});
  const Bytes bytes = encode(block);
  const auto blocks = decode(bytes);
  EXPECT_TRUE(blocks && same_blocks(blocks->front(), block)) << key_count << " keys";
  const std::size_t row_count_bytes = key_count - 1 < 0x80 ? 1 : key_count - 1 < 0x4000 ? 2 : 3;
  return bytes[1 + row_count_bytes + 2 + 23 + 8];
}

TEST(NativeDictionary, TakesTheNarrowestIndexThatHoldsItsKeys) {
  EXPECT_EQ(index_width(2), std::byte{0});
  EXPECT_EQ(index_width(256), std::byte{0});
  EXPECT_EQ(index_width(257), std::byte{1});
  EXPECT_EQ(index_width(65'536), std::byte{1});
  EXPECT_EQ(index_width(65'537), std::byte{2});
}

std::string content(const std::string& path) {
  std::ifstream file(std::string(OPTIINFRA_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(NativeDocument, ShowsTheGoldenExample) {
  const std::string file = content("foundations/codec/tests/golden/low_cardinality_string.hex");
  const std::string example = file.substr(file.find('\n') + 1);
  ASSERT_GT(example.size(), 100u);
  EXPECT_NE(content("docs/formats/native.md").find("```\n" + example + "```\n"), std::string::npos);
}

}  // namespace
}  // namespace optiinfra
