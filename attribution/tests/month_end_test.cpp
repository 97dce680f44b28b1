// Months whose right answer is known, and months that are drawn.
#include "month_end.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

constexpr sys_seconds kStart{std::chrono::seconds{1'767'225'600}};  // 2026-01-01, a Thursday.

/// Busy on weekdays from 8 to 18, a third of it else.
double planted(sys_seconds hour) {
  const auto day = std::chrono::floor<std::chrono::days>(hour);
  const unsigned weekday = std::chrono::weekday{day}.c_encoding();
  const auto of_day = (hour - day) / 1h;
  return weekday != 0 && weekday != 6 && of_day >= 8 && of_day < 18 ? 9.0 : 3.0;
}

template <typename Cost>
std::vector<KnownHour> hours_of(int from, int to, Cost cost) {
  std::vector<KnownHour> hours;
  for (int i = from; i < to; ++i) hours.push_back({kStart + i * 1h, cost(kStart + i * 1h)});
  return hours;
}

std::vector<sys_seconds> open_hours(int from, int to) {
  std::vector<sys_seconds> hours;
  for (int i = from; i < to; ++i) hours.push_back(kStart + i * 1h);
  return hours;
}

double sum_of(const std::vector<KnownHour>& hours) {
  double sum = 0;
  for (const KnownHour& each : hours) sum += each.cost;
  return sum;
}

TEST(MonthEnd, AWeekThatRepeatsIsForecastExactlyAndWithoutSpread) {
  const Estimate estimate =
      estimate_hours(hours_of(0, 28 * 24, planted), open_hours(28 * 24 + 5, 31 * 24 + 9));
  const double right = sum_of(hours_of(28 * 24 + 5, 31 * 24 + 9, planted));
  ASSERT_TRUE(estimate.expected && estimate.p10 && estimate.p90);
  EXPECT_NEAR(*estimate.expected, right, 1e-9);
  EXPECT_NEAR(*estimate.p10, right, 1e-6);
  EXPECT_NEAR(*estimate.p90, right, 1e-6);
  EXPECT_STREQ(estimate.method, "hour_of_week");
}

TEST(MonthEnd, LittleHistoryGivesAMeanWithoutSpreadAndNoneGivesNothing) {
  const auto open = open_hours(400, 500);
  const Estimate mean = estimate_hours(hours_of(0, 14 * 24 - 1, [](auto) { return 2.0; }), open);
  EXPECT_NEAR(*mean.expected, 200, 1e-9);
  EXPECT_FALSE(mean.p10 || mean.p90);
  EXPECT_STREQ(mean.method, "hourly_mean");
  EXPECT_TRUE(estimate_hours(hours_of(0, 24, planted), open).expected);
  EXPECT_FALSE(estimate_hours(hours_of(0, 23, planted), open).expected);
  EXPECT_FALSE(estimate_hours({}, open).expected);
  EXPECT_EQ(*estimate_hours({}, {}).p90, 0) << "nothing is left to estimate";
}

TEST(MonthEnd, AnHourOfTheWeekThatIsMissingCostsTheMean) {
  auto known = hours_of(0, 21 * 24, [](auto) { return 4.0; });
  std::erase_if(known, [](const KnownHour& each) { return (each.hour - kStart) / 1h % (7 * 24) == 30; });
  EXPECT_NEAR(*estimate_hours(known, open_hours(21 * 24, 28 * 24)).expected, 4.0 * 7 * 24, 1e-9);
}

TEST(MonthEnd, WhatIsLeftCostsNoLessThanNothing) {
  std::mt19937 random(3);
  const auto rare = [&](auto) { return random() % 200 == 0 ? 100.0 : 0.0; };
  const Estimate estimate = estimate_hours(hours_of(0, 28 * 24, rare), open_hours(28 * 24, 28 * 24 + 10));
  EXPECT_GE(*estimate.p10, 0);
  EXPECT_LE(*estimate.p10, *estimate.expected);
  EXPECT_LE(*estimate.expected, *estimate.p90);
}

/// The share of drawn months whose end lies within p10 and p90, and below p10. `likeness` is that of a day's
/// deviation and the next one's.
struct Covered {
  double within = 0, below = 0;
};
Covered drawn(int history_days, int open_days, double likeness, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  constexpr int kMonths = 2000;
  Covered covered;
  for (int month = 0; month < kMonths; ++month) {
    double day_level = normal(random);
    const auto cost = [&](sys_seconds hour) {
      if (hour == std::chrono::floor<std::chrono::days>(hour))
        day_level = likeness * day_level + std::sqrt(1 - likeness * likeness) * normal(random);
      return planted(hour) * std::exp(0.2 * day_level + 0.5 * normal(random));
    };
    const auto known = hours_of(0, history_days * 24, cost);
    const auto rest = hours_of(history_days * 24, (history_days + open_days) * 24, cost);
    const Estimate estimate =
        estimate_hours(known, open_hours(history_days * 24, (history_days + open_days) * 24));
    const double right = sum_of(rest);
    covered.within += right >= *estimate.p10 && right <= *estimate.p90 ? 1.0 / kMonths : 0;
    covered.below += right < *estimate.p10 ? 1.0 / kMonths : 0;
  }
  return covered;
}

TEST(MonthEnd, FourOfFiveDrawnMonthsEndBetweenP10AndP90) {
  for (const auto& [history, open] : {std::pair(28, 20), {28, 3}, {14, 10}, {21, 25}}) {
    const Covered covered = drawn(history, open, 0, 7);
    RecordProperty("within_" + std::to_string(history) + "_" + std::to_string(open),
                   std::to_string(covered.within));
    EXPECT_NEAR(covered.within, 0.82, 0.04) << history << " days for " << open;
    EXPECT_NEAR(covered.below, 0.09, 0.04) << history << " days for " << open;
  }
}

TEST(MonthEnd, DaysThatResembleTheirNeighboursWidenTheSpread) {
  // 58 % where the days are taken to be independent.
  const Covered covered = drawn(28, 15, 0.6, 7);
  RecordProperty("within", std::to_string(covered.within));
  EXPECT_NEAR(covered.within, 0.75, 0.04);
}

}  // namespace
}  // namespace optiinfra::attribution
