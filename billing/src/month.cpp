#include "optiinfra/billing/customer_report.hpp"

namespace optiinfra::billing {
namespace {

/// A number of exactly `text.size()` digits; 0 for anything else.
unsigned digits(std::string_view text) {
  unsigned number = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return 0;
    number = number * 10 + static_cast<unsigned>(digit - '0');
  }
  return number;
}

}  // namespace

Result<TimeRange> parse_month(std::string_view text) {
  using namespace std::chrono;
  const auto refused = [&] {
    return invalid_argument("'" + std::string(text) + "' is not a month such as 2026-11");
  };
  if (text.size() != 7 || text[4] != '-') return refused();
  const year_month month{year{static_cast<int>(digits(text.substr(0, 4)))},
                         std::chrono::month{digits(text.substr(5))}};
  if (!month.ok()) return refused();
  const auto first = [](year_month which) { return sys_seconds{sys_days{which / 1}}; };
  if (first(month) < kOldestTime || first(month + months{1}) > kLatestTime) return refused();
  return TimeRange{first(month), first(month + months{1})};
}

Result<ReportFormat> parse_report_format(std::string_view text) {
  if (text == "html") return ReportFormat::kHtml;
  if (text == "csv") return ReportFormat::kCsv;
  if (text == "focus") return ReportFormat::kFocus;
  return invalid_argument("'" + std::string(text) + "' is not one of html, csv, focus");
}

std::string_view content_type(ReportFormat format) noexcept {
  return format == ReportFormat::kHtml ? "text/html; charset=utf-8" : "text/csv; charset=utf-8";
}

}  // namespace optiinfra::billing
