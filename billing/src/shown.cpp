#include "shown.hpp"

#include <fmt/core.h>

#include <cmath>

namespace optiinfra::billing {
namespace {

constexpr const char* kAbsent = "–";
constexpr std::uint64_t kNanoOfUnit = 1'000'000'000;

/// "1234567.89" with a comma before every three digits of the whole part.
std::string grouped(const std::string& digits) {
  const std::size_t whole = std::min(digits.find('.'), digits.size());
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i < whole && (whole - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += letter;
    }
  }
  return html;
}

std::string shown_number(double value, int decimals) {
  if (!std::isfinite(value)) return kAbsent;
  const double least = std::pow(10.0, -decimals);
  const std::string sign = value < 0 ? "-" : "";
  if (value != 0 && std::abs(value) < least / 2)
    return value < 0 ? fmt::format("> -{:.{}f}", least, decimals) : fmt::format("< {:.{}f}", least, decimals);
  return sign + grouped(fmt::format("{:.{}f}", std::abs(value), decimals));
}

std::string shown_count(std::uint64_t count) { return grouped(std::to_string(count)); }

std::string shown_cell(const AnswerColumn& column, const Cell& cell) {
  if (const auto* count = std::get_if<std::uint64_t>(&cell)) return shown_count(*count);
  if (const auto* number = std::get_if<double>(&cell)) return shown_number(*number, column.decimals);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* time = std::get_if<sys_seconds>(&cell)) return shown_hour(*time);
  return kAbsent;
}

std::string shown_month(sys_seconds begin) {
  constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(begin)};
  return std::string(kMonths[static_cast<unsigned>(date.month()) - 1]) + " " +
         std::to_string(static_cast<int>(date.year()));
}

std::string shown_hour(sys_seconds hour) { return format_engine_time(hour).substr(0, 16); }

std::string shown_day(sys_seconds day) { return format_engine_time(day).substr(0, 10); }

std::string exact_amount(std::int64_t nano) {
  const std::uint64_t size =
      nano < 0 ? 0 - static_cast<std::uint64_t>(nano) : static_cast<std::uint64_t>(nano);
  std::string text = (nano < 0 ? "-" : "") + std::to_string(size / kNanoOfUnit);
  if (size % kNanoOfUnit == 0) return text;
  text += fmt::format(".{:09}", size % kNanoOfUnit);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace optiinfra::billing
