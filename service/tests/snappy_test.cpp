#include "snappy.hpp"

#include <gmock/gmock.h>

#include <cstdint>

namespace optiinfra::service {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

constexpr std::size_t kTextMax = 1 << 20;

/// The text, or the error.
std::string unpacked(const std::string& block, std::size_t bytes_max = kTextMax) {
  const auto text = from_snappy(block, bytes_max);
  return text ? *text : "error: " + text.error().message;
}

TEST(Snappy, ReadsLiteralsOfAllLengths) {
  EXPECT_EQ(unpacked("\x00"s), "");
  EXPECT_EQ(unpacked("\x03\x08"
                     "abc"s),
            "abc");
  const std::string long_text(300, 'x');
  EXPECT_EQ(unpacked("\xac\x02\xf4\x2b\x01"s + long_text), long_text);
  const std::string middle_text(100, 'y');
  EXPECT_EQ(unpacked("\x64\xf0\x63"s + middle_text), middle_text);
}

TEST(Snappy, ReadsCopiesThatRepeatThemselves) {
  // As google/snappy compresses 200 times 'a': a literal and copies with an offset of two bytes.
  EXPECT_EQ(unpacked("\xc8\x01\x00"
                     "a"
                     "\xfe\x01\x00\xfe\x01\x00\xfe\x01\x00\x1a\x01\x00"s),
            std::string(200, 'a'));
  EXPECT_EQ(unpacked("\x0a\x08"
                     "abc"
                     "\x0d\x03"s),
            "abcabcabca");
  EXPECT_EQ(unpacked("\x07\x0c"
                     "abcd"
                     "\x0b\x03\x00\x00\x00"s),
            "abcdbcd");
}

TEST(Snappy, RefusesWhatIsDamaged) {
  for (const std::string& block : {""s, "\x80"s, "\xff\xff\xff\xff\xff\x01"s, "\x03"s,
                                   "\x03\x08"
                                   "ab"s,
                                   "\x02\x08"
                                   "abc"s,
                                   "\x04\x08"
                                   "abc"s,
                                   "\x08\x08"
                                   "abc"
                                   "\x0d\x04"s,
                                   "\x0a\x08"
                                   "abc"
                                   "\x0d\x00"s,
                                   "\x09\x08"
                                   "abc"
                                   "\x0d\x03"s,
                                   "\x0a\x08"
                                   "abc"
                                   "\x0e\x03"s,
                                   "\x08\xf0"s, "\x08\xfc\xff\xff\xff\xff"s})
    EXPECT_THAT(unpacked(block), HasSubstr("not whole as snappy")) << block.size();
}

TEST(Snappy, TakesNoMemoryForALengthThatIsALie) {
  EXPECT_THAT(unpacked("\x80\x80\x80\x80\x04"
                       "abc"s),
              HasSubstr("longer than"));
  EXPECT_THAT(unpacked("\x64\x08"
                       "abc"s,
                       99),
              HasSubstr("longer than 99 bytes"));
  EXPECT_THAT(unpacked("\x80\x80\x20\x08"
                       "abc"s),
              HasSubstr("not whole as snappy"));
}

}  // namespace
}  // namespace optiinfra::service
