#include "utf16.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace optiinfra {
namespace {

std::vector<std::uint8_t> bytes_of(std::initializer_list<unsigned> units, ByteOrder order) {
  std::vector<std::uint8_t> bytes;
  for (const unsigned unit : units) {
    const auto low = static_cast<std::uint8_t>(unit & 0xFF), high = static_cast<std::uint8_t>(unit >> 8);
    bytes.push_back(order == ByteOrder::kLittleEndian ? low : high);
    bytes.push_back(order == ByteOrder::kLittleEndian ? high : low);
  }
  return bytes;
}

TEST(Utf16Reader, GivesTheSameTextHoweverItsBytesCome) {
  for (const ByteOrder order : {ByteOrder::kLittleEndian, ByteOrder::kBigEndian}) {
    const auto bytes = bytes_of({0xFEFF, 'a', 0xE9, 0x20AC, 0xD83D, 0xDE00, 0xFEFF, '\n'}, order);
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      Utf16Reader reader(order);
      std::string text;
      for (std::size_t at = 0; at < bytes.size(); at += piece)
        reader.append(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)), text);
      EXPECT_EQ(text, "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBB\xBF\n") << piece;
      EXPECT_TRUE(reader.is_complete());
    }
  }
}

TEST(Utf16Reader, ReplacesHalfAPairOfSurrogates) {
  Utf16Reader reader(ByteOrder::kLittleEndian);
  std::string text;
  reader.append(bytes_of({0xD83D, 'x', 0xDE00, 0xD83D, 0xD83D, 0xDE00}, ByteOrder::kLittleEndian), text);
  EXPECT_EQ(text, "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80");
}

TEST(Utf16Reader, KnowsATextThatIsCutOff) {
  Utf16Reader half(ByteOrder::kLittleEndian), pair(ByteOrder::kLittleEndian);
  std::string text;
  half.append(std::vector<std::uint8_t>{'a', 0, 'b'}, text);
  pair.append(bytes_of({0xD83D}, ByteOrder::kLittleEndian), text);
  EXPECT_FALSE(half.is_complete());
  EXPECT_FALSE(pair.is_complete());
}

TEST(Utf16Order, IsKnownByTheMarkOrTheFirstLetter) {
  using namespace std::string_view_literals;
  EXPECT_EQ(utf16_order("\xFF\xFE"sv), ByteOrder::kLittleEndian);
  EXPECT_EQ(utf16_order("\xFE\xFF"sv), ByteOrder::kBigEndian);
  EXPECT_EQ(utf16_order("a\0b\0"sv), ByteOrder::kLittleEndian);
  EXPECT_EQ(utf16_order("\0a"sv), ByteOrder::kBigEndian);
  EXPECT_EQ(utf16_order("\xEF\xBB\xBF"sv), std::nullopt);
  EXPECT_EQ(utf16_order("a"sv), std::nullopt);
  EXPECT_EQ(utf16_order(""sv), std::nullopt);
  EXPECT_TRUE(is_utf32("\xFF\xFE\0\0"sv));
  EXPECT_TRUE(is_utf32("\0\0\xFE\xFF"sv));
  EXPECT_FALSE(
      is_utf32("\xFF\xFE"
               "a\0"sv));
}

}  // namespace
}  // namespace optiinfra
