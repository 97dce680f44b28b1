/// From answers by hour to series without holes in time.
#pragma once

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "output/chart.hpp"

namespace optiinfra::cli {

/// The chart of `points` (each with a time and a value), one value per `step`, missing steps as NaN.
/// Several points of one step are added up. Points must be in order of time.
template <typename Point, typename TimeOf, typename ValueOf>
Series series_of(std::string title, const std::vector<Point>& points, std::chrono::seconds step,
                 TimeOf time_of, ValueOf value_of) {
  Series series{.title = std::move(title), .begin = {}, .step = step, .values = {}};
  if (points.empty()) return series;
  series.begin = time_of(points.front());
  for (const Point& point : points) {
    const auto index = static_cast<std::size_t>((time_of(point) - series.begin) / step);
    if (index >= series.values.size())
      series.values.resize(index + 1, std::numeric_limits<double>::quiet_NaN());
    double& value = series.values[index];
    value = std::isnan(value) ? value_of(point) : value + value_of(point);
  }
  return series;
}

}  // namespace optiinfra::cli
