/// Estimates what hours will cost from hours whose cost is known. Pure arithmetic.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "optiinfra/core/time.hpp"

namespace optiinfra::attribution {

struct KnownHour {
  sys_seconds hour;
  double cost = 0;
};

/// With fewer known hours nothing is estimated, and no spread below kSpreadHoursMin.
inline constexpr std::size_t kEstimateHoursMin = 24, kSpreadHoursMin = 14 * 24;

/// The sum of hours that are not known yet.
struct Estimate {
  std::optional<double> expected = {};
  std::optional<double> p10 = {}, p90 = {};  ///< The sum is expected below them in 10 % and 90 % of cases.
  const char* method =
      "";  ///< "hour_of_week", "hourly_mean", "none" without open hours; empty: not estimated.
};

/// `known` are hours that lie at most some weeks before those of `open`; hours may be missing in both. Each
/// open hour is expected to cost the mean of its hour of the week, in UTC; below kSpreadHoursMin, the mean of
/// all. The spread is that of the days' sums around these means, wider where a day deviated as the day before
/// it did, and that of the means themselves. Without open hours all is 0.
Estimate estimate_hours(std::span<const KnownHour> known, std::span<const sys_seconds> open);

/// The calendar month, in UTC, that holds `time`.
TimeRange month_of(sys_seconds time);

}  // namespace optiinfra::attribution
