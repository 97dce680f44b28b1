/// @file optiinfra/report/series.hpp
/// A number over time, in the shape that charts need.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"

namespace optiinfra::report {

struct Series {
  std::string title;    ///< With its unit: "cost per hour".
  sys_seconds begin{};  ///< Of the first value.
  std::chrono::seconds step{3600};
  std::vector<double> values = {};  ///< One each step; NaN leaves a gap.
  bool from_zero = true;            ///< Whether the scale starts at 0, or at the smallest value.
  int decimals = 2;                 ///< Of the labels.
};

}  // namespace optiinfra::report
