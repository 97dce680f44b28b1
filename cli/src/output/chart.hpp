/// A series over time as a small area chart of text.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "output/terminal.hpp"

namespace optiinfra::cli {

struct Series {
  std::string title;    ///< With its unit: "cost per hour".
  sys_seconds begin{};  ///< Of the first value.
  std::chrono::seconds step{3600};
  std::vector<double> values = {};  ///< One each step; NaN leaves a gap.
  bool from_zero = true;            ///< Whether the scale starts at 0, or at the smallest value.
  int decimals = 2;                 ///< Of the labels.
};

/// Lines of dots in braille, or of '#' where the terminal has no UTF-8, with labels for the scale and
/// the first and last time. More values than fit are averaged. Fewer than two finite values: empty.
std::string render_chart(const Series& series, const Terminal& terminal);

}  // namespace optiinfra::cli
