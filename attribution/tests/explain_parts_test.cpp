// The causes of a change: cases with an answer by hand, and drawn ones against a walk through all orders.
#include "explain_parts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace optiinfra::attribution {
namespace {

constexpr std::int64_t kNanos = 1'000'000'000;

GroupCost group(std::int64_t served0, std::uint64_t volume0, std::int64_t served1, std::uint64_t volume1) {
  return {{.served = served0 * kNanos, .volume = volume0}, {.served = served1 * kNanos, .volume = volume1}};
}

double part(const ExplainedChange& change, ChangePart which) {
  return static_cast<double>(change.whole[static_cast<std::size_t>(which)]) / change.scale;
}
double part(const ExplainedChange& change, std::size_t of, ChangePart which) {
  return static_cast<double>(change.groups.at(of)[static_cast<std::size_t>(which)]) / change.scale;
}

std::int64_t sum_of_parts(const ExplainedChange::Parts& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::int64_t{0});
}

TEST(ExplainedTotal, MoreOfTheSameIsVolume) {
  const ExplainedChange change = explain_total(std::vector{group(10, 100, 20, 200), group(30, 300, 60, 600)});
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kVolume), 40);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kMix), 0);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kPrice), 0);
}

TEST(ExplainedTotal, AnotherShareOfTheSameIsMix) {
  const ExplainedChange change = explain_total(std::vector{group(10, 100, 5, 50), group(300, 100, 450, 150)});
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kVolume), 0);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kMix), 145);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kPrice), 0);
  EXPECT_DOUBLE_EQ(part(change, 0, ChangePart::kMix), -5) << "of a group: what its share alone changes";
}

TEST(ExplainedTotal, TheSameForMoreIsPrice) {
  const ExplainedChange change = explain_total(std::vector{group(10, 100, 15, 100), group(30, 60, 30, 60)});
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kPrice), 5);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kVolume), 0);
}

TEST(ExplainedTotal, NewAndGoneGroupsAreNamedAndMoveNoOther) {
  const ExplainedChange change =
      explain_total(std::vector{group(10, 100, 10, 100), group(0, 0, 7, 900), group(4, 50, 0, 0)});
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kNew), 7);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kGone), -4);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kVolume), 0);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kMix), 0);
}

TEST(ExplainedTotal, CostsThatNoRequestCausedStandByThemselves) {
  GroupCost paid = group(10, 100, 10, 100);
  paid.before.idle = 5 * kNanos;
  paid.after = {.served = 10 * kNanos,
                .underfill = 1 * kNanos,
                .idle = 8 * kNanos,
                .overhead = 2 * kNanos,
                .unreconciled = -4 * kNanos,
                .volume = 100};
  const ExplainedChange change = explain_total(std::vector{paid, group(3, 0, 1, 0)});
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kUnderfill), 1);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kIdle), 3);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kOverhead), 2);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kUnreconciled), -4);
  EXPECT_DOUBLE_EQ(part(change, ChangePart::kUncounted), -2);
  EXPECT_EQ(change.after - change.before, 0);
}

TEST(ExplainedUnitCost, MoreRequestsSpreadIdleTimeAndNothingElse) {
  GroupCost paid = group(10, 100, 20, 200);
  paid.before.idle = paid.after.idle = 30 * kNanos;
  const auto change = explain_unit_cost(std::vector{paid}, 1);
  ASSERT_TRUE(change);
  EXPECT_DOUBLE_EQ(part(*change, ChangePart::kVolume), 30.0 / 200 - 30.0 / 100);
  EXPECT_DOUBLE_EQ(part(*change, ChangePart::kPrice), 0);
  EXPECT_DOUBLE_EQ(part(*change, ChangePart::kIdle), 0);
}

TEST(ExplainedUnitCost, ACheapNewGroupLowersTheMeanAndAnExpensiveOneThatGoesToo) {
  const auto cheap = explain_unit_cost(std::vector{group(100, 100, 100, 100), group(0, 0, 10, 100)}, 1);
  ASSERT_TRUE(cheap);
  EXPECT_DOUBLE_EQ(part(*cheap, ChangePart::kNew), -0.45);
  EXPECT_DOUBLE_EQ(part(*cheap, ChangePart::kMix), 0);
  const auto gone = explain_unit_cost(std::vector{group(100, 100, 100, 100), group(500, 100, 0, 0)}, 1);
  ASSERT_TRUE(gone);
  EXPECT_DOUBLE_EQ(part(*gone, ChangePart::kGone), -2);
}

TEST(ExplainedUnitCost, AllGroupsNewIsANewPriceAndNoVolumeIsNoAnswer) {
  const auto change = explain_unit_cost(std::vector{group(8, 2, 0, 0), group(0, 0, 9, 3)}, 1);
  ASSERT_TRUE(change);
  EXPECT_DOUBLE_EQ(part(*change, ChangePart::kNew), 3);
  EXPECT_DOUBLE_EQ(part(*change, ChangePart::kGone), -4);
  EXPECT_FALSE(explain_unit_cost(std::vector{group(8, 0, 9, 3)}, 1));
  EXPECT_FALSE(explain_unit_cost({}, 1));
}

TEST(ExplainedTotal, NothingIsExplainedByNothing) {
  const ExplainedChange change = explain_total({});
  EXPECT_EQ(change.after, 0);
  EXPECT_EQ(sum_of_parts(change.whole), 0);
}

/// The mean of what each of the three factors adds, over the six orders in which they may change.
std::array<long double, 3> walked(const std::array<long double, 3>& from,
                                  const std::array<long double, 3>& to) {
  std::array<long double, 3> effects{};
  std::array<std::size_t, 3> order = {0, 1, 2};
  do {
    std::array<long double, 3> now = from;
    for (const std::size_t factor : order) {
      const long double before = now[0] * now[1] * now[2];
      now[factor] = to[factor];
      effects[factor] += (now[0] * now[1] * now[2] - before) / 6;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return effects;
}

class DrawnChange : public ::testing::TestWithParam<unsigned> {
 protected:
  std::vector<GroupCost> draw() {
    std::vector<GroupCost> groups;
    for (std::uint64_t left = 1 + up_to(40); left > 0; --left) groups.push_back({window(), window()});
    groups.push_back(group(3, 7, 5, 11));  // So that both windows have volume.
    return groups;
  }

 private:
  std::uint64_t up_to(std::uint64_t most) { return random_() % (most + 1); }
  std::int64_t amount() { return static_cast<std::int64_t>(up_to(1) * up_to(1ULL << up_to(45))); }
  WindowCost window() {
    return {.served = amount(),
            .underfill = amount(),
            .idle = amount(),
            .overhead = amount(),
            .unreconciled = -amount(),
            .volume = up_to(3) == 0 ? 0 : 1 + up_to(1ULL << (GetParam() % 40))};
  }
  std::mt19937_64 random_{GetParam()};
};

TEST_P(DrawnChange, OfATotalAddsUpToTheLastBillionth) {
  const auto groups = draw();
  const ExplainedChange change = explain_total(groups);
  long double v0 = 0, v1 = 0;
  for (const GroupCost& each : groups) {
    if (each.before.volume == 0 || each.after.volume == 0) continue;
    v0 += static_cast<long double>(each.before.volume);
    v1 += static_cast<long double>(each.after.volume);
  }
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const WindowCost &before = groups[i].before, &after = groups[i].after;
    sum += sum_of_parts(change.groups[i]);
    // A group whose price changes by orders of magnitude has parts beyond a billionth's 15 digits.
    if (change.scale == 1e9) {
      ASSERT_EQ(sum_of_parts(change.groups[i]), after.total() - before.total());
    }
    if (before.volume == 0 || after.volume == 0) continue;
    const auto n0 = static_cast<long double>(before.volume), n1 = static_cast<long double>(after.volume);
    const auto expected = walked({v0, n0 / v0, static_cast<long double>(before.served) / n0},
                                 {v1, n1 / v1, static_cast<long double>(after.served) / n1});
    for (std::size_t factor = 0; factor < 3; ++factor) {
      // A product of three that is far larger than the change of it loses digits.
      const long double size = std::abs(expected[0]) + std::abs(expected[1]) + std::abs(expected[2]);
      EXPECT_NEAR(static_cast<double>(change.groups[i][factor]),
                  static_cast<double>(expected[factor]) / 1e9 * change.scale,
                  4 + static_cast<double>(size) / 1e9 * change.scale * 1e-13)
          << "group " << i << ", factor " << factor;
    }
  }
  EXPECT_EQ(sum, change.after - change.before);
  EXPECT_EQ(sum_of_parts(change.whole), change.after - change.before);
}

TEST_P(DrawnChange, OfAUnitCostAddsUpToTheLastDigit) {
  const auto groups = draw();
  const auto change = explain_unit_cost(groups, 1e6);
  ASSERT_TRUE(change);
  EXPECT_EQ(sum_of_parts(change->whole), change->after - change->before);
  long double cost = 0, volume = 0;
  for (const GroupCost& each : groups) {
    cost += static_cast<long double>(each.after.total());
    volume += static_cast<long double>(each.after.volume);
  }
  const auto after = static_cast<double>(cost / volume / 1000);
  EXPECT_NEAR(static_cast<double>(change->after) / change->scale, after,
              1 / change->scale + std::abs(after) * 1e-12);
}

TEST_P(DrawnChange, TurnedAroundIsTheSameWithTheOtherSign) {
  auto groups = draw();
  const auto forth = explain_unit_cost(groups, 1);
  const ExplainedChange total = explain_total(groups);
  for (GroupCost& each : groups) std::swap(each.before, each.after);
  const auto back = explain_unit_cost(groups, 1);
  const ExplainedChange total_back = explain_total(groups);
  ASSERT_TRUE(forth && back);
  const auto turned = [](std::size_t i) {
    if (i == static_cast<std::size_t>(ChangePart::kNew)) return static_cast<std::size_t>(ChangePart::kGone);
    if (i == static_cast<std::size_t>(ChangePart::kGone)) return static_cast<std::size_t>(ChangePart::kNew);
    return i;
  };
  for (std::size_t i = 0; i < kChangeParts; ++i) {
    EXPECT_NEAR(static_cast<double>(forth->whole[i]), -static_cast<double>(back->whole[turned(i)]), 1000)
        << i;
    EXPECT_NEAR(static_cast<double>(total.whole[i]), -static_cast<double>(total_back.whole[turned(i)]), 1000)
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DrawnChange, ::testing::Range(1u, 41u));

}  // namespace
}  // namespace optiinfra::attribution
