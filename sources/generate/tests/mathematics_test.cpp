#include "mathematics.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "random.hpp"

namespace optiinfra::fleet {
namespace {

TEST(Mathematics, ExponentialAgreesWithTheStandardLibrary) {
  for (double x = -50; x <= 50; x += 0.37) EXPECT_NEAR(exponential(x) / std::exp(x), 1, 1e-14) << x;
}

TEST(Mathematics, LogarithmAgreesWithTheStandardLibrary) {
  for (double x = 1e-9; x < 1e9; x *= 1.37)
    EXPECT_NEAR(logarithm(x), std::log(x), 1e-14 * (1 + std::fabs(std::log(x)))) << x;
}

TEST(Mathematics, CosineAgreesWithTheStandardLibrary) {
  for (double t = -2; t <= 2; t += 0.0173)
    EXPECT_NEAR(cosine_of_turns(t), std::cos(2 * std::acos(-1.0) * t), 1e-10) << t;
}

TEST(Mathematics, NormalQuantilesInvertTheDistribution) {
  for (double p = 0.0001; p < 1; p += 0.0007) {
    EXPECT_NEAR(0.5 * std::erfc(-normal_quantile(p) / std::sqrt(2.0)), p, 1e-8) << p;
  }
}

TEST(Mathematics, TablesHaveTheMomentsOfTheirDistributions) {
  double sum = 0, squares = 0, factors = 0;
  for (const float value : normal_table()) sum += value, squares += double{value} * value;
  for (const float factor : lognormal_table(0.5)) factors += factor;
  EXPECT_NEAR(sum / kQuantiles, 0, 1e-6);
  EXPECT_NEAR(squares / kQuantiles, 1, 0.001);
  EXPECT_NEAR(factors / kQuantiles, std::exp(0.125), 0.001);
}

TEST(Random, IsPinned) {
  Random random(1, Purpose::kRequest, 2);
  EXPECT_EQ(random.next(), 0x91FE782792BC298Bull);
  EXPECT_EQ(random.next(), 0x70A1CD81C6200C57ull);
}

TEST(Random, NumbersBelowACountReachEachEqually) {
  int counts[6] = {};
  for (std::uint64_t index = 0; index < 60'000; ++index) ++counts[Random(7, Purpose::kCost, index).below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

}  // namespace
}  // namespace optiinfra::fleet
