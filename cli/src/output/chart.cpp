#include "output/chart.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

constexpr int kRows = 6;
constexpr int kColumnsMax = 100;

/// How many dots one character holds, across and up.
struct Cell {
  int across;
  int up;
};
constexpr Cell kBraille{2, 4};
constexpr Cell kAscii{1, 1};

struct Scale {
  double low;
  double high;
};

Scale scale_of(const Series& series) {
  Scale scale{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : series.values) {
    if (!std::isfinite(value)) continue;
    scale.low = std::min(scale.low, value);
    scale.high = std::max(scale.high, value);
  }
  if (series.from_zero) scale.low = std::min(scale.low, 0.0);
  // A flat line still needs a scale to lie in.
  if (scale.high <= scale.low) scale.high = scale.low + 1;
  return scale;
}

double mean_of(const std::vector<double>& values, std::size_t begin, std::size_t end) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t i = begin; i < end; ++i)
    if (std::isfinite(values[i])) sum += values[i], ++count;
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

/// One value for each column of dots, at most `dots_max`: values repeated or averaged.
std::vector<double> resampled(const std::vector<double>& values, std::size_t dots_max) {
  const std::size_t dots = values.size() > dots_max ? dots_max : values.size() * (dots_max / values.size());
  std::vector<double> result(dots);
  for (std::size_t i = 0; i < dots; ++i) {
    const std::size_t begin = i * values.size() / dots;
    result[i] = mean_of(values, begin, std::max(begin + 1, (i + 1) * values.size() / dots));
  }
  return result;
}

/// How many dots up a value reaches; a value that is there shows at least one.
int height_of(double value, const Scale& scale, int dots) {
  if (!std::isfinite(value)) return 0;
  const double share = (value - scale.low) / (scale.high - scale.low);
  return std::max(1, static_cast<int>(std::lround(share * dots)));
}

std::string braille(int bits) {
  const int code = 0x2800 + bits;
  return {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
          static_cast<char>(0x80 | (code & 0x3F))};
}

/// The braille character at `column` in the line whose lowest dot is `base` dots up.
std::string braille_cell(const std::vector<int>& heights, std::size_t column, int base) {
  static constexpr int kBits[2][4] = {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}};
  int bits = 0;
  for (std::size_t side = 0; side < 2; ++side) {
    const std::size_t dot = column * 2 + side;
    for (int up = 0; dot < heights.size() && up < 4; ++up)
      if (heights[dot] > base + up) bits |= kBits[side][up];
  }
  return braille(bits);
}

std::string trimmed(std::string line) {
  const std::string blank = braille(0);
  while (line.ends_with(blank)) line.resize(line.size() - blank.size());
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string plot_line(const std::vector<int>& heights, int line_from_bottom, Cell cell) {
  const auto across = static_cast<std::size_t>(cell.across);
  const std::size_t columns = (heights.size() + across - 1) / across;
  std::string line;
  for (std::size_t column = 0; column < columns; ++column) {
    if (cell.across == 2)
      line += braille_cell(heights, column, line_from_bottom * cell.up);
    else
      line += heights[column] > line_from_bottom ? '#' : ' ';
  }
  return trimmed(std::move(line));
}

std::string time_axis(const Series& series, std::size_t indent, std::size_t columns) {
  const std::string first = format_engine_time(series.begin).substr(0, 16);
  const auto count = static_cast<std::int64_t>(series.values.size());
  const std::string last = format_engine_time(series.begin + series.step * (count - 1)).substr(0, 16);
  const std::size_t used = first.size() + last.size();
  return std::string(indent, ' ') + first + std::string(used + 2 < columns ? columns - used : 2, ' ') + last +
         "\n";
}

}  // namespace

std::string render_chart(const Series& series, const Terminal& terminal) {
  if (std::count_if(series.values.begin(), series.values.end(),
                    [](double value) { return std::isfinite(value); }) < 2)
    return {};
  const Cell cell = terminal.unicode ? kBraille : kAscii;
  const Scale scale = scale_of(series);
  const std::string high = format_decimal(scale.high, series.decimals);
  const std::string low = format_decimal(scale.low, series.decimals);
  const std::size_t label_width = std::max(high.size(), low.size());
  const int columns_max = std::min(kColumnsMax, terminal.width - static_cast<int>(label_width) - 3);
  const auto dots =
      resampled(series.values, static_cast<std::size_t>(std::max(columns_max, 10) * cell.across));
  std::vector<int> heights;
  for (const double value : dots) heights.push_back(height_of(value, scale, kRows * cell.up));

  std::string text = series.title + "\n";
  for (int line = kRows - 1; line >= 0; --line) {
    const std::string label = line == kRows - 1 ? high : line == 0 ? low : std::string{};
    text += std::string(label_width - label.size(), ' ') + label + (terminal.unicode ? " │" : " |") +
            plot_line(heights, line, cell) + "\n";
  }
  return text + time_axis(series, label_width + 2, dots.size() / static_cast<std::size_t>(cell.across));
}

}  // namespace optiinfra::cli
