// Native as the native protocol carries it: a serialization byte in each column, and sparse columns.
#include <gtest/gtest.h>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/output_buffer.hpp"
#include "optiinfra/testing/program.hpp"
#include "streams.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;
using testing::same_blocks;

constexpr std::uint64_t kEnd = std::uint64_t{1} << 62;

Bytes encode_protocol(const Block& block) {
  Bytes bytes;
  EXPECT_TRUE(write_native(block, testing::sink_to(bytes), NativeForm::kProtocol));
  return bytes;
}

/// The one block in `bytes`.
Result<Block> decode_protocol(const Bytes& bytes, std::size_t piece_bytes = testing::kWhole) {
  NativeReader reader(testing::source_of(bytes, piece_bytes), NativeForm::kProtocol);
  Block block, further;
  OPTIINFRA_TRY(const bool read, reader.next(block));
  if (!read) return Error{ErrorKind::kCorrupt, "there is no block"};
  OPTIINFRA_TRY(const bool more, reader.next(further));
  if (more) return Error{ErrorKind::kCorrupt, "there is a second block"};
  return block;
}

/// A block of one column "v", up to its serialization.
struct OneColumn {
  Bytes bytes;
  OutputBuffer output{testing::sink_to(bytes)};

  OneColumn(std::uint64_t rows, std::string_view type, std::uint64_t columns = 1) {
    output.varint(columns);
    output.varint(rows);
    heading(type);
  }
  void heading(std::string_view type) {
    output.text("v");
    output.text(type);
  }
  /// One sparse column with only defaults.
  void sparse(std::uint64_t rows) {
    for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{1}, rows | kEnd})
      output.varint(number);
  }
  const Bytes& sent() {
    EXPECT_TRUE(output.flush());
    return bytes;
  }
};

Bytes wire(std::uint64_t rows, std::string_view type, std::initializer_list<std::uint64_t> numbers) {
  OneColumn wire(rows, type);
  for (const std::uint64_t number : numbers) wire.output.varint(number);
  return wire.sent();
}

void expect_column_refused(const Bytes& bytes, ErrorKind kind, std::string_view why) {
  const auto block = decode_protocol(bytes);
  ASSERT_FALSE(block) << "taken, though: " << why;
  EXPECT_EQ(block.error().kind, kind) << block.error().message;
  EXPECT_NE(block.error().message.find(why), std::string::npos) << block.error().message;
  EXPECT_NE(block.error().message.find(", column 'v': "), std::string::npos) << block.error().message;
}

TEST(ProtocolForm, HasOneByteMoreInEachColumnAndIsReadBackEqual) {
  for (const auto& sample : testing::samples()) {
    const Block block = block_of(sample);
    const Bytes file = testing::encode(block), protocol = encode_protocol(block);
    EXPECT_EQ(protocol.size(), file.size() + 1);
    const auto read = decode_protocol(protocol);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(same_blocks(*read, block)) << sample.type;
  }
}

TEST(ProtocolForm, OfAServerIsReadAndWrittenAgainToTheByte) {
  const Bytes golden = testing::golden("protocol_plain");
  const auto block = decode_protocol(golden);
  ASSERT_TRUE(block) << block.error().message;
  EXPECT_EQ(block->columns().size(), 20u);
  EXPECT_EQ(testing::to_hex(encode_protocol(*block)), testing::to_hex(golden));
}

TEST(ProtocolForm, ASparseBlockOfAServerHoldsTheRowsOfThePlainOne) {
  const Bytes sparse = testing::golden("protocol_sparse"), plain = testing::golden("protocol_plain");
  ASSERT_LT(sparse.size(), plain.size() / 2);
  const auto expected = decode_protocol(plain);
  ASSERT_TRUE(expected) << expected.error().message;
  for (const std::size_t piece_bytes : {std::size_t{1}, std::size_t{3}, testing::kWhole}) {
    const auto block = decode_protocol(sparse, piece_bytes);
    ASSERT_TRUE(block) << block.error().message;
    EXPECT_EQ(block->row_count(), 20u);
    EXPECT_TRUE(same_blocks(*block, *expected));
  }
}

TEST(ProtocolForm, RefusesEveryProperPrefixOfASparseBlock) {
  const Bytes bytes = testing::golden("protocol_sparse");
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    const auto block =
        decode_protocol(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_FALSE(block) << size << " bytes of " << bytes.size() << " were taken for a block";
    EXPECT_EQ(block.error().kind, ErrorKind::kCorrupt) << block.error().message;
  }
}

TEST(ProtocolForm, ReadsASparseColumnWithAValueInEveryRowOrInNone) {
  const auto all = decode_protocol(wire(3, "UInt8", {1, 1, 0, 0, 0, kEnd, 7, 8, 9}));
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(*all->values<std::vector<std::uint8_t>>(0), (std::vector<std::uint8_t>{7, 8, 9}));
  const auto none = decode_protocol(wire(3, "String", {1, 1, 3 | kEnd}));
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ((*none->values<Strings>(0))[2], "");
  const auto empty = decode_protocol(wire(0, "UInt8", {1, 1}));
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->columns().size(), 1u);
}

TEST(ProtocolForm, RefusesASparseColumnThatDiffersInRows) {
  const std::string_view why = "a sparse column differs in rows from its block";
  expect_column_refused(wire(3, "UInt8", {1, 1, 2 | kEnd}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(3, "UInt8", {1, 1, 4 | kEnd}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(3, "UInt8", {1, 1, kEnd}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(3, "UInt8", {1, 1, 3}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(3, "UInt8", {1, 1, kEnd - 1}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(3, "UInt8", {1, 1, 2, 1 | kEnd}), ErrorKind::kCorrupt, why);
  expect_column_refused(wire(1, "UInt8", {1, 1, 0, 0, kEnd}), ErrorKind::kCorrupt, why);
}

TEST(ProtocolForm, RefusesASerializationThatIsNotKnownAndSaysWhatToDo) {
  for (const std::uint64_t kind : {2, 3, 4, 5, 0x7F})
    expect_column_refused(wire(3, "UInt8", {1, kind}), ErrorKind::kInvalidArgument,
                          "it comes in serialization " + std::to_string(kind) + ", which is not known here");
  for (const char* type : {"Nullable(UInt8)", "LowCardinality(String)"})
    expect_column_refused(wire(3, type, {1, 1, 3 | kEnd}), ErrorKind::kInvalidArgument, "toString()");
  expect_column_refused(wire(3, "UInt8", {2}), ErrorKind::kCorrupt,
                        "a serialization flag is neither 0 nor 1");
  // Kind 0 after the flag is as good as no flag.
  EXPECT_TRUE(decode_protocol(wire(3, "UInt8", {1, 0, 7, 8, 9})));
}

TEST(ProtocolForm, RefusesAFewBytesThatStandForMoreMemoryThanABlockMayTake) {
  if (!testing::reset_peak_memory()) GTEST_SKIP() << "/proc/self/clear_refs cannot be written here";
  const std::size_t before = testing::peak_memory_bytes();
  OneColumn large(kBlockRowsMax, "UInt8", 2);
  large.sparse(kBlockRowsMax);
  large.heading("UUID");
  large.sparse(kBlockRowsMax);
  EXPECT_LT(large.sent().size(), 100u);
  expect_column_refused(large.sent(), ErrorKind::kTooLarge, "a block takes more than 1073741824 bytes");
  EXPECT_LT(testing::peak_memory_bytes() - before, kBlockRowsMax + (std::size_t{32} << 20));
}

}  // namespace
}  // namespace optiinfra
