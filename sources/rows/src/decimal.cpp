#include "decimal.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace optiinfra::rows {
namespace {

/// A number is 0.<digits> times ten to the power of `point`. Digits begin and end with none that is 0.
struct Decimal {
  bool is_negative = false;
  bool is_zero = true;
  std::int64_t digit_count = 0;
  std::int64_t point = 0;
  std::uint64_t first_digits = 0;  ///< Of the digits, as many as kFirstDigitsMax.
};
constexpr std::int64_t kFirstDigitsMax = 18;

/// Exponents beyond are those of 0 or of a number that no type of ours holds.
std::int64_t read_exponent(std::string_view text) {
  constexpr std::int64_t kExponentMax = 1'000'000'000'000;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  for (const char digit : text) exponent = std::min(exponent * 10 + (digit - '0'), kExponentMax);
  return is_negative ? -exponent : exponent;
}

Decimal decompose(std::string_view text) {
  Decimal number;
  number.is_negative = text.starts_with('-');
  if (number.is_negative) text.remove_prefix(1);
  const std::size_t end = std::min(text.find_first_of("eE"), text.size());
  if (end < text.size()) number.point = read_exponent(text.substr(end + 1));
  bool is_fraction = false;
  std::int64_t zeros = 0;  // Since the last digit that is none.
  for (const char c : text.substr(0, end)) {
    if (c == '.') {
      is_fraction = true;
      continue;
    }
    number.is_zero = number.is_zero && c == '0';
    if (!number.is_zero || is_fraction) number.point += is_fraction ? (number.is_zero ? -1 : 0) : 1;
    if (number.is_zero) continue;
    zeros = c == '0' ? zeros + 1 : 0;
    if (++number.digit_count <= kFirstDigitsMax)
      number.first_digits = number.first_digits * 10 + static_cast<std::uint64_t>(c - '0');
  }
  for (std::int64_t kept = std::min(number.digit_count, kFirstDigitsMax); kept > number.digit_count - zeros;
       --kept)
    number.first_digits /= 10;
  number.digit_count -= zeros;
  return number;
}

bool read_whole_slowly(std::string_view text, std::uint32_t max, std::uint32_t& into) {
  constexpr std::int64_t kDigitsMax = 10;
  const Decimal number = decompose(text);
  if (number.is_zero) {
    into = 0;
    return true;
  }
  const bool is_whole = number.point >= number.digit_count;
  if (number.is_negative || !is_whole || number.point > kDigitsMax) return false;
  std::uint64_t value = number.first_digits;
  for (std::int64_t digits = number.digit_count; digits < number.point; ++digits) value *= 10;
  if (value > max) return false;
  into = static_cast<std::uint32_t>(value);
  return true;
}

template <typename Float>
bool read_nearest(std::string_view text, Float& into) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (code == std::errc{} && std::isfinite(into)) return true;
  // from_chars says "out of range" of both ends.
  const Decimal number = decompose(text);
  const bool is_small = number.is_zero || number.point <= 0;
  if (is_small) into = number.is_negative ? -Float{0} : Float{0};
  return is_small;
}

}  // namespace

bool read_whole(std::string_view text, std::uint32_t max, std::uint32_t& into) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (code == std::errc{} && end == text.data() + text.size()) return into <= max;
  return read_whole_slowly(text, max, into);
}

bool read_float(std::string_view text, float& into) noexcept {
  double value = 0;
  if (!read_nearest(text, value)) return false;
  into = static_cast<float>(value);
  return std::isfinite(into);
}
bool read_float(std::string_view text, double& into) noexcept { return read_nearest(text, into); }

}  // namespace optiinfra::rows
