#include "optiinfra/core/uuid.hpp"

#include <gtest/gtest.h>

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

TEST(Uuid, RandomOnesAreVersion4AndDiffer) {
  const Uuid a = Uuid::random(), b = Uuid::random();
  EXPECT_NE(a, b);
  EXPECT_EQ(a.to_string()[14], '4');
  EXPECT_EQ(a.low >> 62, 2u);
}

}  // namespace
}  // namespace optiinfra
