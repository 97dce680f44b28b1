#include "rate_limit.hpp"

#include <gtest/gtest.h>

namespace optiinfra::service {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, LetsACallerSendItsRateAndTwiceAsManyAfterAPause) {
  RateLimit limit(5);
  const RateLimit::Clock::time_point begin{};
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limit.take("ada", begin)) << i;
  EXPECT_EQ(limit.take("ada", begin), 1s);
  EXPECT_EQ(limit.take("ada", begin + 100ms), 1s);
  EXPECT_FALSE(limit.take("ada", begin + 200ms)) << "a fifth of a second is one request";
  EXPECT_TRUE(limit.take("ada", begin + 200ms));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(limit.take("ada", begin + 1h)) << i;
  EXPECT_TRUE(limit.take("ada", begin + 1h)) << "an hour saves no more than two seconds";
}

TEST(RateLimit, CountsEachCallerByItself) {
  RateLimit limit(1);
  const RateLimit::Clock::time_point begin{};
  EXPECT_FALSE(limit.take("ada", begin));
  EXPECT_FALSE(limit.take("ada", begin));
  EXPECT_TRUE(limit.take("ada", begin));
  EXPECT_FALSE(limit.take("bob", begin));
}

TEST(RateLimit, OfZeroIsNone) {
  RateLimit limit(0);
  for (int i = 0; i < 10'000; ++i) ASSERT_FALSE(limit.take("ada", {}));
}

}  // namespace
}  // namespace optiinfra::service
