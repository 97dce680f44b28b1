#include "output/screen.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace optiinfra::cli {
namespace {

TEST(Screen, TakesAReaderWhoLeavesForNoError) {
  std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  Screen screen(ends[1]);
  EXPECT_TRUE(screen.write("text").has_value());
  EXPECT_TRUE(screen.is_closed());
  EXPECT_TRUE(screen.write("more").has_value());
  ::close(ends[1]);
}

TEST(Screen, FailsWhenTheFileIsFull) {
  const int full = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  Screen screen(full);
  const auto written = screen.write("text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().kind, ErrorKind::kStorage);
  EXPECT_FALSE(screen.is_closed());
  ::close(full);
}

}  // namespace
}  // namespace optiinfra::cli
