#include "spare_blocks.hpp"

#include <gtest/gtest.h>

#include <array>

namespace optiinfra {
namespace {

Block block_of(std::uint8_t value, std::size_t bytes) {
  Block block;
  block.add({"a", "UInt8", std::vector<std::uint8_t>(bytes, value)});
  return block;
}

/// The value of the block that is taken, and -1 for none.
int take(SpareBlocks& spares, std::string_view table) {
  const Block block = spares.take(table);
  return block.empty() ? -1 : std::get<std::vector<std::uint8_t>>(block.columns()[0].data)[0];
}

TEST(SpareBlocks, AreGivenToTheirOwnTableOnceAndTheLatestFirst) {
  SpareBlocks spares;
  EXPECT_EQ(take(spares, "a"), -1);
  spares.give_back("a", block_of(1, 10));
  spares.give_back("b", block_of(2, 10));
  spares.give_back("a", block_of(3, 10));
  EXPECT_EQ(take(spares, "a"), 3);
  EXPECT_EQ(take(spares, "a"), 1);
  EXPECT_EQ(take(spares, "a"), -1);
  EXPECT_EQ(take(spares, "b"), 2);
}

TEST(SpareBlocks, TakeTheRoomOfThoseKeptLongest) {
  SpareBlocks spares;
  constexpr std::size_t kThird = SpareBlocks::kSpareBytesMax / 3;
  for (const std::uint8_t value : std::to_array<std::uint8_t>({1, 2, 3, 4}))
    spares.give_back("a", block_of(value, kThird));
  EXPECT_EQ(take(spares, "a"), 4);
  EXPECT_EQ(take(spares, "a"), 3);
  EXPECT_EQ(take(spares, "a"), 2);
  EXPECT_EQ(take(spares, "a"), -1);
}

TEST(SpareBlocks, AreCountedWithTheMemoryThatTheyDoNotUse) {
  SpareBlocks spares;
  std::vector<std::uint8_t> values(1, 7);
  values.reserve(SpareBlocks::kSpareBytesMax + 1);
  Block block;
  block.add({"a", "UInt8", std::move(values)});
  spares.give_back("a", std::move(block));
  EXPECT_EQ(take(spares, "a"), -1);
}

}  // namespace
}  // namespace optiinfra
