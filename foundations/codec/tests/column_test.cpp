#include "optiinfra/codec/column.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "optiinfra/codec/block.hpp"

namespace optiinfra {
namespace {

TEST(Strings, KeepEveryTextAtItsRow) {
  Strings values;
  for (const char* text : {"a", "", "ccc"}) values.append(text);
  ASSERT_EQ(values.size(), 3u);
  EXPECT_EQ(values[0], "a");
  EXPECT_EQ(values[1], "");
  EXPECT_EQ(values[2], "ccc");
  EXPECT_EQ(values.size_bytes(), 4u);
  values.clear();
  EXPECT_EQ(values.size(), 0u);
}

TEST(Strings, TakeRowsOfAnyLengthInTheOrderAsked) {
  Strings strings;
  const std::string texts[] = {"", "short", std::string(16, 'w'), std::string(17, 'x'), std::string(500, 'y'),
                               "z"};
  for (const std::string& text : texts) strings.append(text);
  const std::vector<std::uint32_t> rows = {5, 0, 4, 2, 5, 3, 1, 5};
  Strings taken;
  taken.append("what was there before");
  taken.assign(strings, rows);
  ASSERT_EQ(taken.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(taken[i], texts[rows[i]]) << i;
}

TEST(Strings, TakingTextsShorterThanOneWordReadsNothingBehindThem) {
  Strings strings;
  strings.append("ab");
  strings.append("c");
  Strings taken;
  taken.assign(strings, std::vector<std::uint32_t>{1, 0, 1});
  EXPECT_EQ(taken[0], "c");
  EXPECT_EQ(taken[1], "ab");
  EXPECT_EQ(taken.size_bytes(), 4u);
}

TEST(Strings, AppendAllOfOthersBehindTheirOwn) {
  Strings strings, more;
  strings.append("one");
  for (const char* text : {"two", "", "three"}) more.append(text);
  strings.append_all(more);
  ASSERT_EQ(strings.size(), 4u);
  EXPECT_EQ(strings[1], "two");
  EXPECT_EQ(strings[2], "");
  EXPECT_EQ(strings[3], "three");
}

TEST(Dictionary, AppendsAllOfAnotherUnderItsOwnKeys) {
  Dictionary dictionary, more;
  dictionary.append("b");
  for (const char* text : {"a", "b", "a", ""}) more.append(text);
  dictionary.append_all(more);
  EXPECT_EQ(dictionary.key_count(), 3u);
  const char* expected[] = {"b", "a", "b", "a", ""};
  ASSERT_EQ(dictionary.size(), 5u);
  for (std::size_t row = 0; row < 5; ++row) EXPECT_EQ(dictionary[row], expected[row]) << row;
}

TEST(Dictionary, KeepsEachTextOnceHoweverOftenAppended) {
  Dictionary values;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5'000; ++i) values.append("key " + std::to_string(i));
  }
  EXPECT_EQ(values.size(), 15'000u);
  EXPECT_EQ(values.key_count(), 5'001u);
  EXPECT_EQ(values[12'345], "key 2345");
}

/// The time that `texts` take to become keys, at best.
std::chrono::nanoseconds time_to_intern(const std::vector<std::string>& texts) {
  auto best = std::chrono::nanoseconds::max();
  for (int round = 0; round < 3; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    Dictionary dictionary;
    for (const std::string& text : texts) dictionary.append(text);
    best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - begin);
  }
  return best;
}

TEST(Dictionary, IsNotSlowedDownByLabelsThatWereChosenToShareAHash) {
  constexpr std::size_t kTexts = 4'000, kSlots = 8'192;
  std::vector<std::string> chosen, others;
  for (std::uint64_t number = 0; chosen.size() < kTexts; ++number) {
    std::string text = "label-" + std::to_string(number);
    // What anybody can compute beforehand.
    if (std::hash<std::string_view>{}(text) % kSlots == 0) chosen.push_back(text);
    if (others.size() < kTexts) others.push_back(std::move(text));
  }
  EXPECT_LT(time_to_intern(chosen), 20 * time_to_intern(others));
}

TEST(Dictionary, HasTheEmptyTextAsItsFirstKey) {
  Dictionary values;
  values.append("");
  EXPECT_EQ(values.key_count(), 1u);
  EXPECT_EQ(values[0], "");
  values.append("x");
  values.clear();
  EXPECT_EQ(values.size(), 0u);
  EXPECT_EQ(values.key_count(), 1u);
  EXPECT_EQ(values.intern("y"), 1u);
}

TEST(Dictionary, TakesRowsInTheOrderAsked) {
  Dictionary values;
  for (const char* text : {"a", "b", "c"}) values.append(text);
  Dictionary taken;
  taken.append("what was there before");
  taken.assign(values, std::vector<std::uint32_t>{2, 0, 2});
  ASSERT_EQ(taken.size(), 3u);
  EXPECT_EQ(taken[0], "c");
  EXPECT_EQ(taken[1], "a");
  EXPECT_EQ(taken[2], "c");
  EXPECT_EQ(taken.key_count(), values.key_count());
  EXPECT_EQ(taken.intern("b"), values.intern("b"));
}

TEST(Block, FindsColumnsByNameAndCountsTheirBytes) {
  Block block;
  block.add({"a", "UInt32", std::vector<std::uint32_t>{1, 2}});
  block.add({"b", "Float64", std::vector<double>{1, 2}});
  EXPECT_EQ(block.row_count(), 2u);
  EXPECT_EQ(block.size_bytes(), 24u);
  ASSERT_NE(block.find("b"), nullptr);
  EXPECT_EQ(block.find("b")->type, "Float64");
  EXPECT_EQ(block.find("c"), nullptr);
  EXPECT_NE(block.values<std::vector<double>>(1), nullptr);
  EXPECT_EQ(block.values<std::vector<float>>(1), nullptr);
  EXPECT_EQ(block.values<std::vector<double>>(2), nullptr);
}

TEST(BlockDeathTest, EndsTheProcessOnColumnsThatCannotBeSent) {
  Block block;
  block.add({"a", "UInt32", std::vector<std::uint32_t>{1, 2}});
  EXPECT_DEATH(block.add({"b", "UInt8", std::vector<std::uint8_t>{1}}), "differ in length");
  EXPECT_DEATH(block.add({"b", "UInt64", std::vector<std::uint32_t>{1, 2}}), "its type's layout");
  EXPECT_DEATH(block.add({"b", "Nullable(UInt8)", std::unique_ptr<Nullable>{}}), "without values");
  auto nullable = std::make_unique<Nullable>();
  nullable->null = {0, 1};
  nullable->values = std::vector<std::uint8_t>{1};
  EXPECT_DEATH(block.add({"b", "Nullable(UInt8)", std::move(nullable)}), "differ in length");
}

}  // namespace
}  // namespace optiinfra
