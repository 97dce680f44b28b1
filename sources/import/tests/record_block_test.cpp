#include "record_block.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

/// Records that are all wanted, of these days and with texts of this size.
Block records(const std::vector<std::int64_t>& days, std::size_t text_bytes = 0) {
  Block block;
  const std::size_t rows = days.size();
  std::vector<std::int64_t> times;
  for (const std::int64_t day : days) times.push_back(day * 86'400 + 5);
  Strings details, text;
  Dictionary label;
  for (std::size_t i = 0; i < rows; ++i) {
    details.append("not counted");
    text.append(std::string(text_bytes, 'x'));
    label.append(std::string(text_bytes, 'y'));
  }
  block.add({kRowNumber, "UInt64", std::vector<std::uint64_t>(rows, 1)});
  block.add({kKeep, "UInt8", std::vector<std::uint8_t>(rows, kWanted)});
  block.add({kRefuse, "UInt8", std::vector<std::uint8_t>(rows, 0)});
  block.add({kDetails, "String", std::move(details)});
  block.add({"timestamp", "Int64", std::move(times)});
  block.add({"prompt_hash", "String", std::move(text)});
  block.add({"model_name", "LowCardinality(String)", std::move(label)});
  return block;
}

/// The sizes of the blocks that are cut when records come in pieces of this size.
std::vector<std::uint64_t> cut(const std::vector<std::int64_t>& days, BlockLimits limits, std::size_t piece,
                               std::size_t text_bytes = 0) {
  std::vector<std::uint64_t> sizes;
  BlockBorder border(limits);
  for (std::size_t at = 0; at < days.size(); at += piece) {
    const auto first = days.begin() + static_cast<std::ptrdiff_t>(at);
    const Block block =
        records({first, first + static_cast<std::ptrdiff_t>(std::min(piece, days.size() - at))}, text_bytes);
    const RecordBlock view(block);
    EXPECT_TRUE(view.is_complete());
    for (std::size_t begin = 0; begin < block.row_count();) {
      begin = border.take(view, begin);
      if (!border.is_full()) continue;
      sizes.push_back(border.record_count());
      border.restart();
    }
  }
  sizes.push_back(border.record_count());
  return sizes;
}

using Sizes = std::vector<std::uint64_t>;

TEST(BlockBorder, GathersMoreRecordsOfManyDays) {
  const BlockLimits limits{.records_max = 3, .days_many = 3, .records_of_many_days_max = 5, .days_max = 4};
  EXPECT_EQ(cut({1, 1, 1, 1, 2, 2, 2}, limits, 2), (Sizes{3, 3, 1})) << "few days";
  EXPECT_EQ(cut({1, 2, 3, 3, 1, 2, 3}, limits, 2), (Sizes{5, 2})) << "many days";
  EXPECT_EQ(cut({1, 2, 3, 4, 5, 5, 5}, limits, 2), (Sizes{4, 3})) << "no more than the engine remembers";
}

TEST(BlockBorder, TakesAYearInNoOrderAsOneBlock) {
  std::vector<std::int64_t> days;
  for (std::int64_t i = 0; i < 2'000; ++i) days.push_back(i * 7'919 % 360);
  EXPECT_EQ(cut(days, {}, 100), (Sizes{2'000}));
}

TEST(BlockBorder, CutsTheSameBlocksHoweverTheRecordsCome) {
  const std::vector<std::int64_t> days = {1, 1, 2, 1, 2, 3, 3, 4, 1, 1, 1, 1, 1, 1, 1, 2, 9};
  for (std::size_t piece = 1; piece <= days.size(); ++piece) {
    EXPECT_EQ(cut(days, {.records_max = 6, .days_max = 2}, piece), (Sizes{5, 3, 6, 2, 1})) << piece;
  }
}

TEST(BlockBorder, CutsByTextAndTakesAtLeastOneRecord) {
  const std::vector<std::int64_t> days(5, 1);
  EXPECT_EQ(cut(days, {.text_bytes_max = 40}, 5, 10), (Sizes{2, 2, 1}))
      << "two columns of ten bytes in each record";
  EXPECT_EQ(cut(days, {.text_bytes_max = 1}, 5, 10), (Sizes{1, 1, 1, 1, 1}));
}

TEST(BlockBorder, CountsNoDaysOfRecordsThatAreNotStored) {
  Block block = records({1, 2, 3});
  Block left_out;
  for (const Column& column : block.columns()) {
    if (column.name == kKeep) {
      left_out.add({kKeep, "UInt8", std::vector<std::uint8_t>{kWanted, kLeftOut, kBlank}});
    } else if (column.name != kDetails && column.name != "prompt_hash" && column.name != "model_name" &&
               column.name != kRowNumber && column.name != kRefuse) {
      left_out.add({column.name, column.type, std::get<std::vector<std::int64_t>>(column.data)});
    }
  }
  left_out.add({kRowNumber, "UInt64", std::vector<std::uint64_t>{1, 2, 3}});
  left_out.add({kRefuse, "UInt8", std::vector<std::uint8_t>{0, 0, 0}});
  const RecordBlock view(left_out);
  EXPECT_FALSE(view.is_complete()) << "without details";
  BlockBorder border({.days_max = 1});
  EXPECT_EQ(border.take(view, 0), 3u);
  EXPECT_FALSE(border.is_full());
}

}  // namespace
}  // namespace optiinfra
