#include "optiinfra/billing/customer_report.hpp"

#include <algorithm>

#include "gathered.hpp"
#include "optiinfra/attribution/charges.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "optiinfra/report/answer.hpp"
#include "optiinfra/report/csv.hpp"
#include "optiinfra/report/names.hpp"
#include "shown.hpp"

namespace optiinfra::billing {
namespace {

using namespace std::chrono_literals;

std::vector<Filter> filters_of(const std::vector<Uuid>& customers) {
  std::vector<Filter> filters;
  for (const Uuid& customer : customers) filters.push_back({"customer", customer.to_string()});
  return filters;
}

Result<TimeRange> ended_part(TimeRange month, sys_seconds asked_at) {
  const TimeRange window{month.begin, std::min(month.end, floor_hour(asked_at))};
  if (window.begin < window.end) return window;
  return invalid_argument("no hour of " + shown_month(month.begin) + " (UTC) has ended yet");
}

/// The hours in which the customers have charges or requests.
Result<std::vector<sys_seconds>> hours_with_rows(Client& client, const std::vector<Uuid>& customers,
                                                 TimeRange window) {
  OPTIINFRA_TRY(const Answer answer,
                client.query({.measures = {"cost.sample_count", "performance.request_count"},
                              .bucket = Bucket::kHour,
                              .range = window,
                              .filters = filters_of(customers)}));
  std::vector<sys_seconds> hours;
  for (const auto& row : answer.rows) hours.push_back(std::get<sys_seconds>(row.front()));
  return hours;
}

Result<void> find_not_attributed(Client& client, const std::vector<Uuid>& customers, Gathered& gathered) {
  OPTIINFRA_TRY(const auto attributed, attribution::attributed_hours(client, gathered.window));
  gathered.hours_attributed = attributed.size();
  OPTIINFRA_TRY(const auto all, hours_with_rows(client, customers, gathered.window));
  for (const sys_seconds hour : all) {
    if (std::binary_search(attributed.begin(), attributed.end(), hour)) continue;
    auto& ranges = gathered.not_attributed;
    if (!ranges.empty() && ranges.back().end == hour)
      ranges.back().end = hour + 1h;
    else
      ranges.push_back({hour, hour + 1h});
  }
  return {};
}

Result<void> gather(Client& client, const CustomerReportQuestion& question, Gathered& gathered) {
  const auto add = [&](const char* key, const char* heading, std::vector<std::string> dimensions,
                       std::optional<Bucket> bucket) -> Result<void> {
    OPTIINFRA_TRY(Answer answer,
                  attribution::query_unit_cost(client, {.range = gathered.window,
                                                        .dimensions = std::move(dimensions),
                                                        .bucket = bucket,
                                                        .filters = filters_of(question.customers),
                                                        .currency = question.currency}));
    gathered.splits.push_back({key, heading, std::move(answer)});
    return {};
  };
  OPTIINFRA_CHECK(add("total", "In total", {}, {}));
  if (question.customers.size() != 1) OPTIINFRA_CHECK(add("customer", "By customer", {"customer"}, {}));
  OPTIINFRA_CHECK(add("service", "By service", {"service"}, {}));
  OPTIINFRA_CHECK(add("model", "By model", {"model"}, {}));
  OPTIINFRA_CHECK(add("day", "By day", {}, Bucket::kDay));
  return {};
}

std::string title_of(const std::vector<Uuid>& customers, const Names& names) {
  std::string title;
  for (const Uuid& customer : customers) {
    const NamedId* const entry = names.of(NameKind::kCustomer, customer.to_string());
    title += (title.empty() ? "" : ", ") + (entry == nullptr ? customer.to_string() : entry->name);
  }
  return title.empty() ? "all customers" : title;
}

/// One table for all splits: a row has the keys of its split, and the others are absent.
report::Records rows_of(const Gathered& gathered, const Names& names) {
  report::Records records;
  for (const char* key :
       {"split", "window_begin", "window_end", "begin", "customer_id", "service_id", "model_name"})
    records.fields.push_back({.key = key, .heading = key});
  for (const AnswerColumn& column : gathered.total().columns)
    records.fields.push_back({.key = column.key, .heading = column.key});
  for (const Split& split : gathered.splits) {
    for (const auto& cells : split.answer.rows) {
      report::Row row(records.fields.size());
      row[0] = std::string(split.key);
      row[1] = gathered.window.begin;
      row[2] = gathered.window.end;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string& key = split.answer.columns[i].key;
        const auto field = std::find_if(records.fields.begin() + 3, records.fields.end(),
                                        [&](const report::Field& each) { return each.key == key; });
        row[static_cast<std::size_t>(field - records.fields.begin())] =
            std::visit([](const auto& value) { return report::Value(value); }, cells[i]);
      }
      records.rows.push_back(std::move(row));
    }
  }
  for (const TimeRange& hours : gathered.not_attributed) {
    report::Row row(records.fields.size());
    row[0] = std::string("not attributed");
    row[1] = hours.begin;
    row[2] = hours.end;
    row.back() = std::string("these hours are not attributed; their cost is in no other row");
    records.rows.push_back(std::move(row));
  }
  report::add_names(records, names);
  return records;
}

}  // namespace

const Cell& cell_of(const Answer& answer, std::size_t row, std::string_view key) {
  const auto column = std::find_if(answer.columns.begin(), answer.columns.end(),
                                   [&](const AnswerColumn& each) { return each.key == key; });
  return answer.rows[row][static_cast<std::size_t>(column - answer.columns.begin())];
}

std::string text_of(const Answer& answer, std::size_t row, std::string_view key) {
  const auto* const text = std::get_if<std::string>(&cell_of(answer, row, key));
  return text == nullptr ? "" : *text;
}

Result<std::vector<TimeRange>> write_customer_report(Client& client, const CustomerReportQuestion& question,
                                                     const Names& names, const report::TextOutput& output) {
  if (question.format == ReportFormat::kFocus && !question.currency.empty())
    return invalid_argument("FOCUS rows have the currency of their charge; leave the currency out");
  OPTIINFRA_TRY(const TimeRange window, ended_part(question.month, question.asked_at));
  Gathered gathered{.month = question.month, .window = window};
  OPTIINFRA_CHECK(find_not_attributed(client, question.customers, gathered));
  if (question.format == ReportFormat::kFocus) {
    OPTIINFRA_CHECK(write_focus(client, question, window, names, output));
    return gathered.not_attributed;
  }
  OPTIINFRA_CHECK(gather(client, question, gathered));
  OPTIINFRA_CHECK(output(question.format == ReportFormat::kCsv
                             ? report::render_csv(report::for_spreadsheets(rows_of(gathered, names)))
                             : html_page(gathered, title_of(question.customers, names), names)));
  return gathered.not_attributed;
}

}  // namespace optiinfra::billing
