/// A series over time as a small area chart of text.
#pragma once

#include <string>

#include "output/reports.hpp"
#include "output/terminal.hpp"

namespace optiinfra::cli {

/// Lines of dots in braille, or of '#' where the terminal has no UTF-8, with labels for the scale and
/// the first and last time. More values than fit are averaged. Fewer than two finite values: empty.
std::string render_chart(const Series& series, const Terminal& terminal);

}  // namespace optiinfra::cli
