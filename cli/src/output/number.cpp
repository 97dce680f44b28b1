#include "output/number.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace optiinfra::cli {
namespace {

/// Puts a comma before every third digit of `digits`, which holds digits only.
std::string grouped(std::string digits) {
  for (auto position = static_cast<std::ptrdiff_t>(digits.size()) - 3; position > 0; position -= 3)
    digits.insert(static_cast<std::size_t>(position), ",");
  return digits;
}

std::string scaled(double value, double step, const char* const* units, std::size_t unit_count) {
  std::size_t unit = 0;
  while (value >= step && unit + 1 < unit_count) value /= step, ++unit;
  return fmt::format("{:.{}f} {}", value, unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2, units[unit]);
}

}  // namespace

std::string format_count(std::uint64_t count) { return grouped(std::to_string(count)); }

std::string format_decimal(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  const std::string text = fmt::format("{:.{}f}", std::fabs(value), decimals);
  const auto point = std::min(text.find('.'), text.size());
  const bool shows_minus = value < 0 && text.find_first_not_of("0.") != std::string::npos;
  return (shows_minus ? "-" : "") + grouped(text.substr(0, point)) + text.substr(point);
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  return scaled(static_cast<double>(bytes), 1024, kUnits, std::size(kUnits));
}

std::string format_rate(double per_second) {
  static constexpr const char* kUnits[] = {"/s", "k/s", "M/s", "G/s"};
  return scaled(per_second, 1000, kUnits, std::size(kUnits));
}

std::string format_span(std::chrono::duration<double> span) {
  const double seconds = span.count();
  if (seconds < 1) return fmt::format("{:.1f} ms", seconds * 1000);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

std::size_t display_width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

}  // namespace optiinfra::cli
