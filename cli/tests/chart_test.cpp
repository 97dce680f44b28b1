#include "output/chart.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr Terminal kAscii{.interactive = false, .unicode = false, .colour = false, .width = 40};
constexpr Terminal kUnicode{.interactive = false, .unicode = true, .colour = false, .width = 40};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Series ramp() {
  return {.title = "ramp", .begin = {}, .values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12}, .decimals = 0};
}

TEST(Chart, RisesWithItsValues) {
  const auto lines = lines_of(render_chart(ramp(), kAscii));
  ASSERT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[0], "ramp");
  EXPECT_EQ(lines[1], "12 |                      ##");  // The last of twelve, two columns each.
}

TEST(Chart, LabelsTheEndsOfItsScaleAndOfItsTime) {
  const std::string text = render_chart(ramp(), kAscii);
  EXPECT_THAT(text, HasSubstr("\n12 |"));
  EXPECT_THAT(text, HasSubstr("\n 0 |"));
  EXPECT_THAT(text, HasSubstr("1970-01-01 00:00"));
  EXPECT_THAT(text, HasSubstr("1970-01-01 11:00"));
}

TEST(Chart, FitsTheTerminal) {
  Series series = ramp();
  series.values.assign(5'000, 3.5);
  series.values[17] = 9;
  for (const Terminal& terminal : {kAscii, kUnicode}) {
    std::vector<std::size_t> widths;
    for (const std::string& line : lines_of(render_chart(series, terminal)))
      widths.push_back(display_width(line));
    EXPECT_THAT(widths, Each(Le(40u)));
  }
}

TEST(Chart, LeavesAGapWhereThereIsNoValue) {
  const Series series{.title = "gap", .begin = {}, .values = {1, kNothing, 1}, .decimals = 0};
  const auto lines = lines_of(render_chart(series, kAscii));
  EXPECT_EQ(lines[6], "0 |############            ############");
}

TEST(Chart, UsesBrailleWhereTheTerminalHasIt) {
  EXPECT_THAT(render_chart(ramp(), kUnicode), HasSubstr("⣿"));
  for (const char letter : render_chart(ramp(), kAscii)) EXPECT_GE(letter, 0) << "no byte beyond ASCII";
}

TEST(Chart, MayBeginItsScaleAtTheSmallestValue) {
  const Series series{
      .title = "scores", .begin = {}, .values = {0.8, 0.9}, .from_zero = false, .decimals = 2};
  EXPECT_THAT(render_chart(series, kAscii), HasSubstr("0.80 |"));
}

TEST(Chart, DrawsALineOfEqualValues) {
  const Series series{.title = "flat", .begin = {}, .values = {5, 5, 5}, .from_zero = false, .decimals = 0};
  EXPECT_THAT(render_chart(series, kAscii), HasSubstr("5 |#"));
}

TEST(Chart, IsEmptyWithoutTwoValues) {
  EXPECT_EQ(render_chart({.title = "none", .begin = {}, .values = {}}, kUnicode), "");
  EXPECT_EQ(render_chart({.title = "one", .begin = {}, .values = {kNothing, 1}}, kUnicode), "");
}

}  // namespace
}  // namespace optiinfra::cli
