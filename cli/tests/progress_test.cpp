#include "output/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace optiinfra::cli {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Terminal kPipe{.interactive = false, .unicode = true, .colour = false, .width = 80};
constexpr Terminal kScreen{.interactive = true, .unicode = false, .colour = true, .width = 80};

TEST(ProgressLine, SaysHowMuchHowFastAndHowLong) {
  EXPECT_EQ(progress_line(250'000, 1'000'000, seconds{5}, "rows", kPipe),
            " 25 %  250,000 rows, 50.0 k/s, 15 s left");
}

TEST(ProgressLine, HasABarOnATerminal) {
  EXPECT_THAT(progress_line(1, 2, seconds{1}, "rows", kScreen), HasSubstr("############............"));
}

TEST(ProgressLine, SaysNothingOfAnEndThatIsNotKnown) {
  EXPECT_EQ(progress_line(1'200, 0, seconds{1}, "rows", kPipe), "1,200 rows, 1.20 k/s");
  EXPECT_EQ(progress_line(1'200, 1'000, seconds{1}, "rows", kPipe), "1,200 rows, 1.20 k/s");
}

TEST(ProgressLine, GuessesNothingBeforeItHasARate) {
  EXPECT_THAT(progress_line(0, 100, seconds{0}, "rows", kPipe), Not(HasSubstr("left")));
}

TEST(Progress, IsSilentWhenQuiet) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("x", "rows", 10, true, kScreen);
    for (int i = 0; i < 10; ++i) progress.add(1);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace optiinfra::cli
