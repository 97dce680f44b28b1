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

TEST(Families, AreNamedAsInTheContract) {
  EXPECT_EQ(parse_family("quality").value(), Family::kQuality);
  EXPECT_FALSE(parse_family("Cost").has_value());
}

}  // namespace
}  // namespace optiinfra::cli
