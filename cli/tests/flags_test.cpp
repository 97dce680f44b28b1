#include "flags.hpp"

#include <gtest/gtest.h>

namespace optiinfra::cli {
namespace {

TEST(WindowFlags, ReachBackFromNowThisSecondIncluded) {
  const WindowFlags flags{.hours = 2, .from = {}, .to = {}};
  const sys_seconds before = now();
  const TimeRange range = flags.range().value();
  EXPECT_GT(range.end, before);
  EXPECT_EQ(range.end - range.begin, std::chrono::hours{2});
}

TEST(WindowFlags, RefuseARangeThatEndsBeforeItBegins) {
  const sys_seconds at{std::chrono::seconds{1'700'000'000}};
  EXPECT_FALSE((WindowFlags{.from = at, .to = at}).range().has_value());
  EXPECT_FALSE((WindowFlags{.from = at, .to = at - std::chrono::seconds{1}}).check().has_value());
  EXPECT_EQ((WindowFlags{.from = at, .to = at + std::chrono::seconds{1}}).range().value(),
            (TimeRange{at, at + std::chrono::seconds{1}}));
}

TEST(Days, AreWholeDays) {
  EXPECT_EQ(parse_days("2w").value(), std::chrono::days{14});
  EXPECT_EQ(parse_days("48h").value(), std::chrono::days{2});
  EXPECT_FALSE(parse_days("36h").has_value());
  EXPECT_FALSE(parse_days("14").has_value());
}

TEST(Counts, AreWrittenInThousandsToo) {
  EXPECT_EQ(parse_count("10000").value(), 10'000u);
  EXPECT_EQ(parse_count("10k").value(), 10'000u);
  EXPECT_EQ(parse_count("2M").value(), 2'000'000u);
  EXPECT_EQ(parse_count("18G").value(), 18'000'000'000u);
  for (const char* wrong :
       {"", "k", "-1", "1.5k", "10kk", "10 k", "10m", "99999999999999999999", "18446744073709551615k"})
    EXPECT_FALSE(parse_count(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace optiinfra::cli
