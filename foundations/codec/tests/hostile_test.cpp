// Bytes that nobody should send: each is refused by name, before it costs memory.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/type.hpp"
#include "optiinfra/testing/program.hpp"
#include "samples.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;

/// Builds blocks byte by byte.
struct Wire {
  Bytes bytes;

  Wire& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
    bytes.push_back(static_cast<std::byte>(value));
    return *this;
  }
  Wire& text(std::string_view value) {
    varint(value.size());
    for (const char c : value) bytes.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Wire& number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Wire& byte(unsigned value) {
    bytes.push_back(static_cast<std::byte>(value));
    return *this;
  }
};

Wire column(std::uint64_t rows, std::string_view type) {
  return Wire{}.varint(1).varint(rows).text("v").text(type);
}

/// One row of LowCardinality(String) up to its keys.
Wire dictionary(std::uint64_t version, std::uint64_t flags, std::uint64_t key_count) {
  return column(1, "LowCardinality(String)").number(version).number(flags).number(key_count);
}

void expect_refused(const Wire& wire, ErrorKind kind, std::string_view why) {
  const auto blocks = testing::decode(wire.bytes);
  ASSERT_FALSE(blocks) << "taken, though: " << why;
  EXPECT_EQ(blocks.error().kind, kind) << blocks.error().message;
  EXPECT_NE(blocks.error().message.find(why), std::string::npos) << blocks.error().message;
  EXPECT_NE(blocks.error().message.find("byte "), std::string::npos) << blocks.error().message;
}

TEST(NativeReader, RefusesCountsOverTheLimits) {
  expect_refused(Wire{}.varint(kBlockColumnsMax + 1).varint(1), ErrorKind::kTooLarge,
                 "a column count of 4097");
  expect_refused(column(kBlockRowsMax + 1, "UInt8"), ErrorKind::kTooLarge, "a row count of 67108865");
  expect_refused(Wire{}.varint(1).varint(1).varint(kTypeNameBytesMax + 1), ErrorKind::kTooLarge,
                 "a column name of 4097");
  expect_refused(Wire{}.varint(1).varint(1).text("v").varint(1 << 20), ErrorKind::kTooLarge,
                 "a type name of 1048576");
  expect_refused(column(1, "String").varint(kStringBytesMax + 1), ErrorKind::kTooLarge,
                 "a string of 1073741825");
  expect_refused(dictionary(1, 0x200, kBlockRowsMax + 1), ErrorKind::kTooLarge, "a dictionary of 67108865");
}

TEST(NativeReader, TakesNoMemoryForRowsThatDoNotCome) {
  if (!testing::reset_peak_memory()) GTEST_SKIP() << "/proc/self/clear_refs cannot be written here";
  const std::size_t before = testing::peak_memory_bytes();
  for (const char* type : {"UInt64", "UUID", "String", "Nullable(Float64)"}) {
    expect_refused(column(kBlockRowsMax, type), ErrorKind::kCorrupt, "the input ends too early");
  }
  expect_refused(column(1, "String").varint(kStringBytesMax), ErrorKind::kCorrupt,
                 "the input ends too early");
  expect_refused(dictionary(1, 0x203, kBlockRowsMax), ErrorKind::kCorrupt, "the input ends too early");
  EXPECT_LT(testing::peak_memory_bytes() - before, std::size_t{32} << 20);
}

TEST(NativeReader, RefusesANumberOfMoreThanNineBytes) {
  Wire wire;
  for (int i = 0; i < 12; ++i) wire.byte(0xFF);
  expect_refused(wire, ErrorKind::kCorrupt, "more than 9 bytes");
}

TEST(NativeReader, RefusesRowsWithoutColumns) {
  expect_refused(Wire{}.varint(0).varint(7), ErrorKind::kCorrupt, "rows but no columns");
}

TEST(NativeReader, NamesTheColumnAndTypeItCannotRead) {
  for (const char* type :
       {"Array(String)", "Decimal(9, 2)", "AggregateFunction(sum, UInt64)",
        "LowCardinality(Nullable(String))", "Nullable(LowCardinality(String))", "Nullable(Nullable(UInt8))",
        "UInt", "uint8", "Nullable()", "Nullable(UInt8", "SimpleAggregateFunction(sum)", ""}) {
    expect_refused(column(1, type), ErrorKind::kInvalidArgument,
                   "column 'v': column type '" + std::string(type) + "'");
  }
}

TEST(NativeReader, RefusesATypeNestedTooDeeply) {
  std::string type = "UInt8";
  for (int depth = 0; depth <= kTypeDepthMax; ++depth) type = "SimpleAggregateFunction(any, " + type + ")";
  expect_refused(column(1, type), ErrorKind::kTooLarge, "nested too deeply");
  std::string endless;
  for (int i = 0; i < 400; ++i) endless += "Nullable(";
  expect_refused(column(1, endless + "UInt8" + std::string(400, ')')), ErrorKind::kTooLarge,
                 "nested too deeply");
}

TEST(NativeReader, RefusesADictionaryThatContradictsItself) {
  const auto good = [] { return dictionary(1, 0x200, 2).text("").text("aws").number(1); };
  ASSERT_TRUE(testing::decode(good().byte(1).bytes));
  expect_refused(good().byte(2), ErrorKind::kCorrupt, "a dictionary index points past its keys");
  expect_refused(dictionary(1, 0x203, 2).text("").text("aws").number(1).number(std::uint64_t{1} << 63),
                 ErrorKind::kCorrupt, "a dictionary index points past its keys");
  expect_refused(dictionary(1, 0x200, 0).number(1).byte(0), ErrorKind::kCorrupt,
                 "a dictionary index points past its keys");
  expect_refused(dictionary(1, 0x200, 1).text("").number(2).byte(0), ErrorKind::kCorrupt, "differs in rows");
  expect_refused(dictionary(2, 0x200, 1), ErrorKind::kCorrupt, "unknown version");
  expect_refused(dictionary(1, 0x204, 1).text("").number(1).byte(0), ErrorKind::kCorrupt,
                 "unknown index width");
  for (const std::uint64_t flags : {0x000, 0x100, 0x300, 0x400, 0xA00}) {
    expect_refused(dictionary(1, flags, 1), ErrorKind::kCorrupt, "does not bring keys of its own");
  }
}

TEST(NativeReader, ReadsADictionaryWhoseKeysAreInAnyOrderAndRepeat) {
  const auto wire = column(4, "LowCardinality(String)")
                        .number(1)
                        .number(0x600)
                        .number(4)
                        .text("b")
                        .text("")
                        .text("a")
                        .text("b");
  const auto blocks = testing::decode(Wire{wire}.number(4).byte(0).byte(1).byte(2).byte(3).bytes);
  ASSERT_TRUE(blocks) << blocks.error().message;
  const auto* values = blocks->front().values<Dictionary>(0);
  ASSERT_NE(values, nullptr);
  EXPECT_EQ((*values)[0], "b");
  EXPECT_EQ((*values)[1], "");
  EXPECT_EQ((*values)[2], "a");
  EXPECT_EQ((*values)[3], "b");
  EXPECT_EQ(values->key_count(), 3u);
}

TEST(NativeReader, RefusesANullFlagThatIsNoFlag) {
  expect_refused(column(1, "Nullable(UInt8)").byte(2).byte(0), ErrorKind::kCorrupt,
                 "a null flag is neither 0 nor 1");
}

TEST(NativeReader, RepeatsItsErrorForEver) {
  NativeReader reader(
      [](std::span<std::byte>) -> Result<std::size_t> { return Error{ErrorKind::kTimeout, "too slow"}; });
  Block block;
  for (int call = 0; call < 3; ++call) {
    const auto read = reader.next(block);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::kTimeout);
    EXPECT_EQ(read.error().message, "too slow");
  }
}

TEST(NativeReader, GivesNoPartOfABlockThatFails) {
  Wire wire = Wire{}.varint(2).varint(1).text("v").text("UInt8").byte(7).text("w").text("Array(UInt8)");
  NativeReader reader([&wire](std::span<std::byte> into) -> Result<std::size_t> {
    std::copy(wire.bytes.begin(), wire.bytes.end(), into.begin());
    return std::exchange(wire.bytes, {}).size();
  });
  Block block;
  EXPECT_FALSE(reader.next(block));
  EXPECT_TRUE(block.columns().empty());
}

TEST(NativeReader, TakesAnEmptyInputForNoBlocks) {
  const auto blocks = testing::decode({});
  ASSERT_TRUE(blocks);
  EXPECT_TRUE(blocks->empty());
}

TEST(NativeReader, DecodesItsFuzzCorpus) {
  std::size_t seeds = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(OPTIINFRA_SOURCE_DIR "/foundations/codec/fuzz/corpus")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    EXPECT_TRUE(testing::decode(Bytes(bytes.begin(), bytes.end()))) << entry.path();
    ++seeds;
  }
  EXPECT_GE(seeds, testing::samples().size());
}

}  // namespace
}  // namespace optiinfra
