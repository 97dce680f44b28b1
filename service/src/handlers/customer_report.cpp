// What a customer cost in a month: /api/v1/reports/customer.
#include "optiinfra/billing/customer_report.hpp"

#include <algorithm>

#include "handlers/answers.hpp"
#include "optiinfra/client/client.hpp"
#include "problem.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

/// The page needs its own style, and nothing else.
constexpr const char* kReportPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

Result<std::vector<Uuid>> ids_of(const std::vector<Filter>& filters) {
  std::vector<Uuid> ids;
  for (const Filter& filter : filters) {
    OPTIINFRA_TRY(const Uuid id, Uuid::parse(filter.value));
    ids.push_back(id);
  }
  return ids;
}

/// "2026-11-03T14:00:00Z/2026-11-03T16:00:00Z, ...", cut where a header would be too long.
std::string ranges_text(const std::vector<TimeRange>& ranges) {
  constexpr std::size_t kRangesMax = 50;
  std::string text;
  for (std::size_t i = 0; i < std::min(ranges.size(), kRangesMax); ++i)
    text += (i == 0 ? "" : ", ") + format_time(ranges[i].begin) + "/" + format_time(ranges[i].end);
  return ranges.size() > kRangesMax ? text + ", ..." : text;
}

Response answer_report(const Call& call) {
  const auto& given = call.request.parameters;
  const auto month = billing::parse_month(*value_of(given, "month"));
  if (!month) return problem_of(with_context(month.error(), "month"));
  billing::CustomerReportQuestion question{.month = *month, .asked_at = now()};
  if (const auto format = value_of(given, "format"))
    if (const auto parsed = billing::parse_report_format(*format)) question.format = *parsed;
  question.currency = value_of(given, "currency").value_or("");
  std::vector<Filter> filters;
  if (const auto customer = value_of(given, "customer")) filters.push_back({"customer", *customer});
  const auto names = names_of(call);
  if (!names) return problem_of(names.error());
  if (const auto resolved = names->resolve(filters); !resolved) return problem_of(resolved.error());
  const auto own = kept_to(call.caller, std::move(filters));
  if (!own) return problem(404, "there are no rows of that customer for this token");
  auto ids = ids_of(*own);
  if (!ids) return problem_of(ids.error());
  question.customers = *std::move(ids);

  Response response{.content_type = std::string(billing::content_type(question.format))};
  const auto written = billing::write_customer_report(
      call.backend.client, question, *names, [&](std::string_view piece) -> Result<void> {
        if (response.body.size() + piece.size() > billing::kReportBytesMax)
          return Error{
              ErrorKind::kTooLarge,
              "the report is longer than " + std::to_string(billing::kReportBytesMax >> 20) +
                  " MiB; ask for one customer, or let `optiinfra report customer` read the store itself"};
        response.body += piece;
        return {};
      });
  if (!written) return problem_of(written.error());
  response.headers = {{"Cache-Control", "no-cache, private"},
                      {"Vary", "Authorization"},
                      {"Content-Security-Policy", kReportPolicy}};
  if (!written->empty()) response.headers.emplace_back("OptiInfra-Not-Attributed", ranges_text(*written));
  return response;
}

}  // namespace

Route customer_report_route() {
  return {
      .method = "GET",
      .path = "/api/v1/reports/customer",
      .name = "report_customer",
      .tag = "query",
      .meaning =
          "What serving a customer cost in a month, and for what: a page to print, CSV, or FOCUS 1.3 rows",
      .content_type = "text/html",
      .parameters = {{.name = "month", .meaning = "The calendar month in UTC: 2026-11", .is_required = true},
                     {.name = "customer",
                      .meaning = "Only this customer: its UUID or name; else all that the token sees"},
                     {.name = "currency",
                      .meaning =
                          "Convert amounts of other currencies to this one, each hour by the rate of its "
                          "day; not for focus"},
                     {.name = "format",
                      .meaning =
                          "html by default: one page without scripts; csv has its rows, focus each part of "
                          "each charge",
                      .words = {"html", "csv", "focus"}}},
      .handle = answer_report};
}

}  // namespace optiinfra::service
