#include "month_end.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace optiinfra::attribution {
namespace {

constexpr std::size_t kDaysOfWeek = 7, kHoursOfWeek = kDaysOfWeek * 24;
constexpr double kHoursOfDay = 24;

/// From midnight on Thursday, as the epoch is: any start does.
std::size_t hour_of_week(sys_seconds hour) {
  return static_cast<std::size_t>(std::chrono::floor<std::chrono::hours>(hour).time_since_epoch().count()) %
         kHoursOfWeek;
}
std::size_t day_of_week(sys_seconds hour) { return hour_of_week(hour) / 24; }

struct Mean {
  double sum = 0;
  std::size_t count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  double value() const noexcept { return count == 0 ? 0 : sum / static_cast<double>(count); }
};

class WeekOfMeans {
 public:
  explicit WeekOfMeans(std::span<const KnownHour> known) {
    for (const KnownHour& each : known) {
      hours_[hour_of_week(each.hour)].add(each.cost);
      all_.add(each.cost);
    }
  }
  double all() const noexcept { return all_.value(); }
  /// The mean of all for an hour of the week that is not known.
  double at(sys_seconds hour) const noexcept {
    const Mean& mean = hours_[hour_of_week(hour)];
    return mean.count == 0 ? all() : mean.value();
  }

 private:
  std::array<Mean, kHoursOfWeek> hours_{};
  Mean all_;
};

/// The 90th percentile of Student's t, by the first term of its expansion: within 1 % from 7 degrees on.
double t_90(double degrees) {
  constexpr double kNormal = 1.2815515655;
  return kNormal + (kNormal * kNormal * kNormal + kNormal) / (4 * degrees);
}

/// How much the likeness of neighbouring days can be; more of it is not told from a trend within four weeks.
constexpr double kLikenessMax = 0.7;

/// The variance that a day adds to a sum of days, where neighbours deviate alike as they did. One degree of
/// freedom goes to the mean of each day of the week.
double variance_of_days(std::span<const KnownHour> known, const WeekOfMeans& means, double degrees) {
  std::map<sys_seconds, double> days;
  for (const KnownHour& each : known)
    days[std::chrono::floor<std::chrono::days>(each.hour)] += each.cost - means.at(each.hour);
  double squares = 0, products = 0;
  const double* before = nullptr;
  for (const auto& [day, residual] : days) {
    squares += residual * residual;
    if (before != nullptr) products += residual * *before;
    before = &residual;
  }
  const double likeness = squares > 0 ? std::clamp(products / squares, 0.0, kLikenessMax) : 0;
  return squares / degrees * (1 + likeness) / (1 - likeness);
}

/// How many times the variance of a day the sum of the open hours has: once for each day, and once more for
/// the mean of its day of the week, whose error is that of all its days.
double variance_factor(std::span<const KnownHour> known, std::span<const sys_seconds> open) {
  std::array<double, kDaysOfWeek> known_days{}, open_days{};
  for (const KnownHour& each : known) known_days[day_of_week(each.hour)] += 1 / kHoursOfDay;
  for (const sys_seconds hour : open) open_days[day_of_week(hour)] += 1 / kHoursOfDay;
  double factor = 0;
  for (std::size_t i = 0; i < kDaysOfWeek; ++i)
    factor += open_days[i] + open_days[i] * open_days[i] / std::max(known_days[i], 1.0);
  return factor;
}

}  // namespace

Estimate estimate_hours(std::span<const KnownHour> known, std::span<const sys_seconds> open) {
  if (open.empty()) return {.expected = 0, .p10 = 0, .p90 = 0, .method = "none"};
  if (known.size() < kEstimateHoursMin) return {};
  const WeekOfMeans means(known);
  if (known.size() < kSpreadHoursMin)
    return {.expected = means.all() * static_cast<double>(open.size()), .method = "hourly_mean"};
  double expected = 0;
  for (const sys_seconds hour : open) expected += means.at(hour);
  const double degrees = static_cast<double>(known.size()) / kHoursOfDay - kDaysOfWeek;
  const double spread =
      t_90(degrees) * std::sqrt(variance_of_days(known, means, degrees) * variance_factor(known, open));
  return {.expected = expected,
          .p10 = std::max(expected - spread, std::min(expected, 0.0)),
          .p90 = expected + spread,
          .method = "hour_of_week"};
}

TimeRange month_of(sys_seconds time) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
  const std::chrono::year_month month = date.year() / date.month();
  return {sys_seconds{std::chrono::sys_days{month / 1}},
          sys_seconds{std::chrono::sys_days{(month + std::chrono::months{1}) / 1}}};
}

}  // namespace optiinfra::attribution
