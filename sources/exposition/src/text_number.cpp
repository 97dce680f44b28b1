#include "text_number.hpp"

#include <charconv>
#include <cmath>
#include <limits>

namespace optiinfra::exposition {
namespace {

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i]) return false;
  return true;
}

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

std::optional<double> parse_special(std::string_view text, bool is_negative, bool has_sign) {
  // What scripts around nvidia-smi write where it has no value.
  const bool is_blank = text == "[N/A]" || text == "N/A";
  if ((equals_ignoring_case(text, "nan") || is_blank) && !has_sign)
    return std::numeric_limits<double>::quiet_NaN();
  if (!equals_ignoring_case(text, "inf") && !equals_ignoring_case(text, "infinity")) return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return is_negative ? -infinity : infinity;
}

}  // namespace

std::optional<double> parse_value(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const bool has_sign = is_negative || text.starts_with('+');
  if (has_sign) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (!is_digit(text[0]) && text[0] != '.') return parse_special(text, is_negative, has_sign);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  // Out of range: too small to tell from zero, or infinite, as Go's and Python's parsers say.
  if (error == std::errc::result_out_of_range) {
    const std::size_t exponent = text.find_first_of("eE");
    const bool is_small = exponent != std::string_view::npos && text.substr(exponent + 1).starts_with('-');
    value = is_small ? 0 : std::numeric_limits<double>::infinity();
  } else if (error != std::errc{}) {
    return std::nullopt;
  }
  return is_negative ? -value : value;
}

std::optional<std::int64_t> parse_milliseconds(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> milliseconds_of(double seconds) {
  constexpr double kMax = 9e15;  // Beyond, a double no longer holds every millisecond.
  const double milliseconds = std::round(seconds * 1000);
  if (!(std::abs(milliseconds) < kMax)) return std::nullopt;
  return static_cast<std::int64_t>(milliseconds);
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  const auto seconds = parse_value(text);
  if (!seconds) return std::nullopt;
  return milliseconds_of(*seconds);
}

}  // namespace optiinfra::exposition
