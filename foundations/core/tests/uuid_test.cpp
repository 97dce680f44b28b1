#include "optiinfra/core/uuid.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <utility>

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

TEST(Uuid, OfANameIsTheExampleOfRfc9562) {
  const Uuid dns = *Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");  // Table 2 and appendix A.4.
  EXPECT_EQ(Uuid::of_name(dns, "www.example.com").to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST(Uuid, OfANameOfAnyLengthIsWhatPythonsUuid5Gives) {
  const Uuid url = *Uuid::parse("6ba7b811-9dad-11d1-80b4-00c04fd430c8");
  // The hash pads to blocks of 64 bytes, 16 of which the namespace fills.
  const std::pair<std::size_t, const char*> expected[] = {
      {0, "1b4db7eb-4057-5ddf-91e0-36dec72071f5"},   {1, "4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4"},
      {38, "f3a13bfb-adc6-59a0-8124-fe6edeaca7ea"},  {39, "f4eaee1e-e483-528b-88bd-6b8932ab6e2b"},
      {40, "f562c38a-a8fe-5cdd-b523-6f30cfb54847"},  {47, "b18474ae-5fc6-5d04-aa24-a5be94234955"},
      {48, "8fa6ffa9-9280-5899-a2d8-b082ccdf6380"},  {49, "a7ea6783-dd62-55d7-b23b-9acadffca469"},
      {55, "d7c769b2-da3b-59fa-bdd6-2f3e8c5ed303"},  {56, "3626e090-976f-515f-95a7-d3a479e5f76b"},
      {63, "8503e0f7-1f30-5603-be49-3fccf6188d89"},  {64, "9d07bf9d-4264-5f1e-9682-bc55c8180b46"},
      {65, "4abb1c59-f382-570f-a394-1ff1b04520f7"},  {103, "d690283f-eed8-5514-87df-04adabb6e2d6"},
      {104, "f73ecf9a-6ec9-5147-a7e0-f5bc67eeefa0"}, {1000, "68491f23-75a7-557d-943b-00881c13ae1e"}};
  for (const auto& [length, text] : expected)
    EXPECT_EQ(Uuid::of_name(url, std::string(length, 'x')).to_string(), text) << length;
}

}  // namespace
}  // namespace optiinfra
