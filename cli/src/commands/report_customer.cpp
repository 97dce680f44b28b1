#include <algorithm>

#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "flags.hpp"
#include "optiinfra/billing/customer_report.hpp"

namespace optiinfra::cli {
namespace {

struct ReportFlags {
  std::string month, format = "html";  ///< As given; checked when they are read.
  TimeRange range{};
  billing::ReportFormat parsed_format{};
  std::optional<std::string> customer;
  std::string currency;
};

void remark_hours(const Context& context, const std::string& begin, const std::string& end) {
  context.remark(
      "note: not in the report, because these hours are not attributed: optiinfra attribute --from " + begin +
      " --to " + end);
}

/// "BEGIN/END, BEGIN/END", as the service names hours.
std::vector<std::pair<std::string, std::string>> hours_in(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> hours;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(", ", begin), text.size());
    const std::string range = text.substr(begin, end - begin);
    if (const auto slash = range.find('/'); slash != range.npos)
      hours.emplace_back(range.substr(0, slash), range.substr(slash + 1));
    begin = end + 2;
  }
  return hours;
}

Result<ExitCode> print_from_api(api::ApiStore& api, const ReportFlags& flags, Context& context) {
  HttpCall call{.path = "/api/v1/reports/customer",
                .parameters = {{"month", flags.month}, {"format", flags.format}}};
  if (flags.customer) call.parameters.emplace_back("customer", *flags.customer);
  if (!flags.currency.empty()) call.parameters.emplace_back("currency", flags.currency);
  OPTIINFRA_TRY(const HttpAnswer answer, api.fetch(std::move(call)));
  OPTIINFRA_CHECK(context.screen.write(answer.body));
  for (const auto& [begin, end] : hours_in(answer.own_header("optiinfra-not-attributed")))
    remark_hours(context, begin, end);
  return ExitCode::kDone;
}

Result<ExitCode> print_report(const ReportFlags& flags, Context& context) {
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return print_from_api(*api, flags, context);
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  billing::CustomerReportQuestion question{
      .month = flags.range, .format = flags.parsed_format, .currency = flags.currency, .asked_at = now()};
  if (flags.customer) {
    OPTIINFRA_TRY(const std::string id, names.id_of(NameKind::kCustomer, *flags.customer));
    OPTIINFRA_TRY(const Uuid customer, Uuid::parse(id));
    question.customers.push_back(customer);
  }
  OPTIINFRA_TRY(const auto not_attributed,
                billing::write_customer_report(client, question, names, [&](std::string_view piece) {
                  return context.screen.write(piece);
                }));
  for (const TimeRange& hours : not_attributed)
    remark_hours(context, format_time(hours.begin), format_time(hours.end));
  return ExitCode::kDone;
}

/// Adds a flag whose text is kept and checked by `parse`.
template <typename T>
CLI::Option* add_checked(CLI::App& app, const char* name, std::string& text, T& target,
                         Result<T> (*parse)(std::string_view), const char* meaning, const char* form) {
  return add_parsed(
      app, name, target,
      [&text, parse](const std::string& given) {
        text = given;
        return parse(given);
      },
      meaning, form);
}

void describe_report(CLI::App& app, ReportFlags& flags) {
  add_checked(app, "--month", flags.month, flags.range, billing::parse_month,
              "The calendar month, in UTC: 2026-11", "YYYY-MM")
      ->required();
  add_id(app, "--customer", flags.customer, "Only this customer, by its UUID or name; default all");
  app.add_option(
         "--currency", flags.currency,
         "Convert amounts of other currencies to this one, each hour by the rate of its day; default: each "
         "currency by itself. Not for focus")
      ->type_name("CODE");
  add_checked(app, "--format", flags.format, flags.parsed_format, billing::parse_report_format,
              "A page to print, its rows as CSV, or each part of each charge as FOCUS 1.3 rows; default html",
              "html|csv|focus");
}

}  // namespace

void define_report(CLI::App& parent, Action& action) {
  CLI::App* const report = parent.add_subcommand("report", "Write a report of a month");
  report->require_subcommand(1);
  define_command<ReportFlags>(
      *report, action, "customer",
      "What serving a customer cost in a month, and for what, from hours that optiinfra attribute has split",
      "  optiinfra report customer --month 2026-11 --customer acme > acme.html\n"
      "  optiinfra report customer --month 2026-11 --customer UUID --format csv\n"
      "  optiinfra report customer --month 2026-11 --format focus > focus.csv",
      describe_report, print_report);
}

}  // namespace optiinfra::cli
