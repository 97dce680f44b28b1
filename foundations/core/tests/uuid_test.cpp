#include "optiinfra/core/uuid.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>

namespace optiinfra {
namespace {

TEST(Uuid, ReadsAndWritesTheHyphenatedForm) {
  const auto id = Uuid::parse("550E8400-e29b-41d4-a716-446655440000");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->high, 0x550e8400e29b41d4ULL);
  EXPECT_EQ(id->low, 0xa716446655440000ULL);
  EXPECT_EQ(id->to_string(), "550e8400-e29b-41d4-a716-446655440000");
}

TEST(Uuid, RefusesEveryOtherShape) {
  for (const char* text :
       {"", "550e8400", "550e8400e29b41d4a716446655440000", "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400-e29b-41d4-a716-4466554400000", "550e8400_e29b-41d4-a716-446655440000"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(Uuid, JudgesEveryByteAtEveryPosition) {
  const std::string good = "550e8400-e29b-41d4-a716-446655440000";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[at] = static_cast<char>(byte);
      const bool is_taken = good[at] == '-' ? byte == '-' : std::isxdigit(byte) != 0;
      const auto id = Uuid::parse(text);
      ASSERT_EQ(id.has_value(), is_taken) << text;
      if (is_taken && byte < 'A') {
        ASSERT_EQ(id->to_string(), text);
      }
    }
  }
}

TEST(Uuid, RandomOnesAreVersion4AndDiffer) {
  const Uuid a = Uuid::random(), b = Uuid::random();
  EXPECT_NE(a, b);
  EXPECT_EQ(a.to_string()[14], '4');
  EXPECT_EQ(a.low >> 62, 2u);
}

}  // namespace
}  // namespace optiinfra
