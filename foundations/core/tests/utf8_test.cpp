#include "optiinfra/core/utf8.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

TEST(Utf8, TakesWhatAppendWrites) {
  for (char32_t letter = 0; letter <= 0x10'FFFF; ++letter) {
    if (letter >= 0xD800 && letter <= 0xDFFF) continue;
    std::string text = "12345678";
    append_utf8(letter, text);
    ASSERT_TRUE(is_utf8(text)) << static_cast<std::uint32_t>(letter);
    ASSERT_FALSE(letter >= 0x80 && is_utf8(std::string_view(text).substr(0, text.size() - 1)));
    ASSERT_FALSE(letter >= 0x80 && is_utf8(std::string_view(text).substr(9)));
  }
}

TEST(Utf8, WritesTheKnownBytes) {
  std::string text;
  for (const char32_t letter : {U'A', U'\u00e9', U'\u20ac', U'\U0001F600'}) append_utf8(letter, text);
  EXPECT_EQ(text, "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsTooHigh) {
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xFF", "latin-1: caf\xE9", "\xC3("})
    EXPECT_FALSE(is_utf8(bad)) << bad;
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace optiinfra
