/// @file optiinfra/billing/customer_report.hpp
/// What serving a customer cost in a month, and for what: for the customer, and for finance.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/report/result_stream.hpp"

namespace optiinfra::billing {

enum class ReportFormat {
  kHtml,   ///< One page to print, without scripts and without anything from elsewhere.
  kCsv,    ///< The page's rows, with all digits and all columns of `unit-cost`.
  kFocus,  ///< FOCUS 1.3 rows as CSV: each part of each charge, in whole billionths of its currency.
};
Result<ReportFormat> parse_report_format(std::string_view text);  ///< "html", "csv", "focus".
std::string_view content_type(ReportFormat format) noexcept;

/// The calendar month in UTC that "2026-11" means. Errors: kInvalidArgument.
Result<TimeRange> parse_month(std::string_view text);

/// Most bytes of one report that is held in memory, as an answer over HTTP is.
inline constexpr std::size_t kReportBytesMax = std::size_t{64} << 20;

struct CustomerReportQuestion {
  TimeRange month{};  ///< See parse_month().
  /// Who is served; empty: everyone. FOCUS rows of everyone hold all parts of each charge, so that those of
  /// one charge add up to it; rows of some customers are their parts, and tell neither what the whole charge
  /// was nor who else was served.
  std::vector<Uuid> customers = {};
  ReportFormat format = ReportFormat::kHtml;
  /// What page and CSV convert amounts of other currencies to, each hour's by the rate of its day; empty:
  /// each currency by itself. FOCUS rows have the currency of their charge.
  std::string currency = {};
  sys_seconds asked_at{};  ///< Hours of the month that have not ended by then are left out.
};

/// Writes the report, piece by piece. A value that is not known is absent, and the reason stands in its row.
/// Amounts of each currency stand apart. `names` are shown next to ids. Returns the hours of the month that
/// have rows of the customers but are not attributed, neighbours together: page and CSV name them, FOCUS rows
/// cannot. Errors: kInvalidArgument for a month that has not begun by `asked_at`, a day without a rate, and a
/// currency for FOCUS rows; kTooLarge beyond kAnswerRowsMax rows of a table; those of the store and of
/// `output`. What was written before an error is no report.
Result<std::vector<TimeRange>> write_customer_report(Client& client, const CustomerReportQuestion& question,
                                                     const Names& names, const report::TextOutput& output);

}  // namespace optiinfra::billing
