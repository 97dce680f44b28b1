#include "optiinfra/core/time.hpp"

#include <gtest/gtest.h>

namespace optiinfra {
namespace {

using namespace std::chrono_literals;
constexpr sys_seconds kNoon = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h;

TEST(ParseTime, ReadsEveryDocumentedForm) {
  EXPECT_EQ(*parse_time("2026-03-01"), kNoon - 12h);
  EXPECT_EQ(*parse_time("2026-03-01 12:00"), kNoon);
  EXPECT_EQ(*parse_time("2026-03-01T12:00:00Z"), kNoon);
  EXPECT_EQ(*parse_time("2026-03-01T12:00:00.987Z"), kNoon);
  EXPECT_EQ(*parse_time("2026-03-01T14:00:00+02:00"), kNoon);
  EXPECT_EQ(*parse_time("2026-03-01T06:30:00-0530"), kNoon);
  EXPECT_EQ(*parse_time("1772366400"), kNoon);
  EXPECT_LE(*parse_time("now-24h"), now() - 24h);
  EXPECT_LE(*parse_time("now+1h"), now() + 1h);
  EXPECT_GT(*parse_time("now+1h"), now() + 59min);
}

TEST(ParseTime, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "yesterday", "2026-13-01", "2026-02-30", "2026-03-01T25:00:00Z", "2026-03-01T12:00:00+99:00",
        "2026-03-01x", "now-5y", "-026-03-01", "12", "2026-03-01T12:00:00.", "2026-03-01T12:00:00.Z"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(FormatTime, IsReadBackUnchanged) {
  EXPECT_EQ(format_time(kNoon), "2026-03-01T12:00:00Z");
  EXPECT_EQ(format_engine_time(kNoon), "2026-03-01 12:00:00");
  EXPECT_EQ(*parse_time(format_time(kNoon + 59min + 59s)), kNoon + 59min + 59s);
}

TEST(FloorHour, CutsToTheHourThatHoldsTheTime) {
  EXPECT_EQ(floor_hour(kNoon + 3599s), kNoon);
  EXPECT_EQ(floor_hour(kNoon), kNoon);
}

TEST(ParseDuration, ReadsUnitsAndRefusesTheRest) {
  EXPECT_EQ(*parse_duration("90d"), 90 * 24h);
  EXPECT_EQ(*parse_duration("10s"), 10s);
  for (const char* text : {"", "d", "0s", "-5m", "5", "5x", "1.5h", "99999999999d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace optiinfra
