#include "parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra::service {
namespace {

using ::testing::HasSubstr;

const std::vector<RouteParameter> kKnown = {
    {.name = "customer", .meaning = "whose", .form = "uuid", .is_required = true},
    {.name = "bucket", .meaning = "how long", .words = {"hour", "day"}},
    {.name = "where", .meaning = "which", .is_repeated = true}};

std::string error_of(const std::vector<NamedText>& given) {
  const auto checked = check_parameters(given, kKnown);
  return checked ? "" : checked.error().message;
}

TEST(Parameters, AreKnownGivenOnceAndOneOfTheirWords) {
  EXPECT_EQ(error_of({{"customer", "x"}, {"bucket", "day"}, {"where", "a=b"}, {"where", "c=d"}}), "");
  EXPECT_THAT(error_of({{"custmer", "x"}}), HasSubstr("did you mean 'customer'?"));
  EXPECT_THAT(error_of({{"customer", "x"}, {"qqqqqqq", "x"}}),
              HasSubstr("there are customer, bucket, where"));
  EXPECT_THAT(error_of({{"bucket", "day"}}), HasSubstr("customer is missing: whose"));
  EXPECT_THAT(error_of({{"customer", "x"}, {"customer", "y"}}), HasSubstr("given twice"));
  EXPECT_THAT(error_of({{"customer", "x"}, {"bucket", "month"}}),
              HasSubstr("'month' is not one of hour, day"));
}

TEST(Parameters, ThatAreNumbersLieWithinTheirBounds) {
  EXPECT_EQ(*number_of({}, "limit", 1, 10, 7), 7u);
  EXPECT_EQ(*number_of({{"limit", "10"}}, "limit", 1, 10, 7), 10u);
  for (const char* const text : {"", "0", "11", "-1", "1e3", "7 ", "99999999999999999999"})
    EXPECT_FALSE(number_of({{"limit", text}}, "limit", 1, 10, 7)) << text;
}

TEST(Window, IsTheLastHoursOrAnExactOne) {
  const auto day = window_of({});
  ASSERT_TRUE(day);
  EXPECT_EQ(day->end - day->begin, std::chrono::hours{24});
  const auto exact = window_of({{"from", "2026-03-01"}, {"to", "2026-03-02T12:00:00Z"}});
  ASSERT_TRUE(exact);
  EXPECT_EQ(exact->end - exact->begin, std::chrono::hours{36});
  for (const std::vector<NamedText>& given :
       std::vector<std::vector<NamedText>>{{{"from", "2026-03-01"}},
                                           {{"to", "2026-03-01"}},
                                           {{"from", "2026-03-02"}, {"to", "2026-03-01"}},
                                           {{"from", "2026-03-01"}, {"to", "2026-03-01"}},
                                           {{"from", "2026-03-01"}, {"to", "2026-03-02"}, {"hours", "3"}},
                                           {{"from", "yesterday"}, {"to", "now"}},
                                           {{"hours", "0"}},
                                           {{"hours", "87601"}}})
    EXPECT_FALSE(window_of(given));
}

}  // namespace
}  // namespace optiinfra::service
