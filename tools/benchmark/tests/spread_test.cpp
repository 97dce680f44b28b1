// How several rounds become one figure.
#include "spread.hpp"

#include <gtest/gtest.h>

namespace optiinfra::benchmark {
namespace {

TEST(Spread, OfAnOddNumberOfRoundsHasTheOneInTheMiddle) {
  const Spread spread = spread_of({3, 1, 10});
  EXPECT_EQ(spread.median, 3);
  EXPECT_EQ(spread.low, 1);
  EXPECT_EQ(spread.high, 10);
}

TEST(Spread, OfAnEvenNumberOfRoundsHasTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(spread_of({1, 2, 4, 100}).median, 3);
}

TEST(Spread, OfNoRoundIsZero) { EXPECT_EQ(spread_of({}).median, 0); }

TEST(Quantile, IsTheSmallestValueThatEnoughDoNotExceed) {
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.5), 2);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.51), 3);
  EXPECT_EQ(quantile({4, 1, 3, 2}, 0.99), 4);
  EXPECT_EQ(quantile({7}, 0), 7);
}

TEST(MedianRatio, ComparesRoundsWithTheirOwn) {
  // The machine was ten times slower in the second round, for both.
  EXPECT_EQ(median_ratio({2, 0.2, 2}, {1, 0.1, 1}), 2);
}

}  // namespace
}  // namespace optiinfra::benchmark
