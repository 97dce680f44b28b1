#include "optiinfra/attribution/apportion.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace optiinfra::attribution {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::uint64_t sum(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

TEST(Apportion, GivesTheRestToTheLargestRemainders) {
  EXPECT_EQ(apportion(10, Numbers{1, 1, 1}), (Numbers{4, 3, 3}));
  EXPECT_EQ(apportion(100, Numbers{1, 2, 4}), (Numbers{14, 29, 57}));
  EXPECT_EQ(apportion(1, Numbers{0, 3, 5}), (Numbers{0, 0, 1}));
}

TEST(Apportion, GivesNothingWhereAllWeightsAreZero) {
  EXPECT_EQ(apportion(7, Numbers{0, 0}), (Numbers{0, 0}));
  EXPECT_TRUE(apportion(7, Numbers{}).empty());
}

TEST(Apportion, AddsUpToTheTotalWithEachPartWithinOneOfItsShare) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    Numbers weights(1 + random() % 40);
    for (std::uint64_t& weight : weights) weight = random() % 4 == 0 ? 0 : random() >> (8 + random() % 50);
    weights.back() += 1;
    const std::uint64_t total = random() >> (1 + random() % 60);
    const Numbers parts = apportion(total, weights);
    ASSERT_EQ(sum(parts), total);
    const Wide all = std::accumulate(weights.begin(), weights.end(), Wide{0});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto share = static_cast<std::uint64_t>(Wide{total} * weights[i] / all);
      ASSERT_GE(parts[i], share);
      ASSERT_LE(parts[i], share + 1);
      if (weights[i] == 0) {
        ASSERT_EQ(parts[i], 0u);
      }
    }
  }
}

TEST(Scaled, RoundsDownAndNeverWraps) {
  EXPECT_EQ(scaled(10, 2, 3), 6u);
  EXPECT_EQ(scaled(10, 2, 0), 0u);
  EXPECT_EQ(scaled(~std::uint64_t{0}, 1000, 1), ~std::uint64_t{0});
}

}  // namespace
}  // namespace optiinfra::attribution
