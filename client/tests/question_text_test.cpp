// Texts of the command line and of the HTTP API.
#include "optiinfra/client/question_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(QuestionText, ListsNamesWithoutEmptyOnes) {
  EXPECT_THAT(parse_names("a,b"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_names(",a,,b,"), ElementsAre("a", "b"));
  EXPECT_THAT(parse_names(""), IsEmpty());
  EXPECT_THAT(parse_names(","), IsEmpty());
}

TEST(QuestionText, SplitsAFilterAtItsFirstMark) {
  const auto filter = parse_filter("model=a=b");
  ASSERT_TRUE(filter);
  EXPECT_EQ(filter->dimension, "model");
  EXPECT_EQ(filter->value, "a=b");
  EXPECT_EQ(parse_filter("model=")->value, "");
  for (const char* text : {"", "model", "=b"}) {
    const auto refused = parse_filter(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_THAT(refused.error().message, HasSubstr("is not NAME=VALUE"));
  }
}

TEST(QuestionText, OrdersDownwardsWhereItSaysSo) {
  const auto order = parse_order("p95_latency:desc,model");
  ASSERT_EQ(order.size(), 2u);
  EXPECT_EQ(order[0].by, "p95_latency");
  EXPECT_TRUE(order[0].is_descending);
  EXPECT_EQ(order[1].by, "model");
  EXPECT_FALSE(order[1].is_descending);
}

TEST(QuestionText, KnowsTheBuckets) {
  EXPECT_EQ(*parse_bucket("week"), Bucket::kWeek);
  EXPECT_FALSE(parse_bucket("month"));
}

TEST(QuestionText, LastHoursEndWithThePresentSecond) {
  const sys_seconds before = now();
  const auto day = last_hours(24);
  ASSERT_TRUE(day);
  EXPECT_GT(day->end, before);
  EXPECT_LE(day->end, now() + std::chrono::seconds{1});
  EXPECT_EQ(day->end - day->begin, std::chrono::hours{24});
  EXPECT_FALSE(last_hours(0));
  EXPECT_FALSE(last_hours(kHoursMax + 1));
  EXPECT_TRUE(last_hours(kHoursMax));
}

TEST(QuestionText, ARangeBeginsBeforeItEnds) {
  const sys_seconds noon{std::chrono::hours{12}};
  EXPECT_TRUE(range_between(noon, noon + std::chrono::seconds{1}));
  const auto refused = range_between(noon, noon);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "1970-01-01T12:00:00Z is not after 1970-01-01T12:00:00Z, where the window begins");
}

}  // namespace
}  // namespace optiinfra
