#include "optiinfra/api/answers.hpp"

#include "optiinfra/client/question_text.hpp"
#include "optiinfra/report/wire.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::api {
namespace {

using report::Look;
using report::Value;

CellKind kind_of(Look look) {
  switch (look) {
    case Look::kTime:
      return CellKind::kTime;
    case Look::kText:
      return CellKind::kText;
    case Look::kCount:
    case Look::kBytes:
      return CellKind::kCount;
    case Look::kDecimal:
      break;
  }
  return CellKind::kNumber;
}

/// JSON does not tell 1 from 1.0, the column's kind does.
Cell cell_of(const Value& value, CellKind kind) {
  return std::visit(
      [kind]<typename T>(const T& given) -> Cell {
        if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, sys_seconds>) {
          return given;
        } else if constexpr (std::is_same_v<T, std::monostate>) {
          return std::monostate{};
        } else if (kind == CellKind::kNumber) {
          return static_cast<double>(given);
        } else {
          return static_cast<std::uint64_t>(given);
        }
      },
      value);
}

/// Without the unit, which a report's heading has and an answer's has not.
std::string plain_heading(const std::string& heading, const std::string& unit) {
  const std::string ending = ", " + (unit == "percent" ? "%" : unit);
  return !unit.empty() && heading.ends_with(ending) ? heading.substr(0, heading.size() - ending.size())
                                                    : heading;
}

std::string unit_of(const report::Report& report, const std::string& key) {
  for (const auto& [name, unit] : report.units)
    if (name == key) return unit;
  return {};
}

template <typename List>
std::string with_commas(const List& list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ",") + each;
  return text;
}

/// `may_be_cut`: the caller asked for no more rows than these.
Result<Answer> fetch_answer(ApiStore& store, const std::string& path, std::vector<NamedValue> parameters,
                            const TimeRange& range, bool may_be_cut, std::chrono::milliseconds timeout) {
  parameters.emplace_back("from", format_time(range.begin));
  parameters.emplace_back("to", format_time(range.end));
  parameters.emplace_back("format", "answer");
  OPTIINFRA_TRY(const std::string body,
                store.send({.path = path, .parameters = std::move(parameters), .timeout = timeout}));
  OPTIINFRA_TRY(const report::Report report, report::decode_report(body));
  if (report.has_more && !may_be_cut)
    return Error{ErrorKind::kTooLarge, "the answer has more than the " + std::to_string(kApiAnswerRowsMax) +
                                           " rows that a service gives; ask for fewer with a limit, a "
                                           "shorter window or larger buckets"};
  if (!report.window) return Error{ErrorKind::kCorrupt, "the answer of the service has no window"};
  return answer_of_report(report);
}

}  // namespace

Result<Answer> answer_of_report(const report::Report& report) {
  if (report.sections.empty()) return Error{ErrorKind::kCorrupt, "the report has no rows"};
  Answer answer{.window = report.window.value_or(TimeRange{}), .columns = {}, .rows = {}, .coverage = {}};
  const report::Records& records = report.sections.front().records;
  for (const report::Field& field : records.fields) {
    const std::string unit = unit_of(report, field.key);
    answer.columns.push_back({.key = field.key,
                              .heading = plain_heading(field.heading, unit),
                              .unit = unit,
                              .kind = kind_of(field.look),
                              .decimals = field.decimals});
  }
  for (const report::Row& row : records.rows) {
    auto& cells = answer.rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) cells.push_back(cell_of(row[i], answer.columns[i].kind));
  }
  for (const auto& [name, rows] : report.coverage) {
    OPTIINFRA_TRY(const Family family, parse_family(name));
    answer.coverage.push_back({family, rows});
  }
  return answer;
}

Result<Answer> query_api(ApiStore& store, const Question& question, std::chrono::milliseconds timeout) {
  std::vector<NamedValue> parameters{{"measures", with_commas(question.measures)}};
  if (!question.dimensions.empty()) parameters.emplace_back("by", with_commas(question.dimensions));
  if (question.bucket) parameters.emplace_back("bucket", to_string(*question.bucket));
  if (question.family) parameters.emplace_back("family", table_of(*question.family).name);
  for (const Filter& filter : question.filters)
    parameters.emplace_back("where", filter.dimension + "=" + filter.value);
  std::vector<std::string> order;
  for (const Order& each : question.order) order.push_back(each.by + (each.is_descending ? ":desc" : ""));
  if (!order.empty()) parameters.emplace_back("order", with_commas(order));
  const bool is_limited = question.limit != 0 && question.limit <= kApiAnswerRowsMax;
  parameters.emplace_back("limit", std::to_string(is_limited ? question.limit : kApiAnswerRowsMax));
  return fetch_answer(store, "/api/v1/query/metrics", std::move(parameters), question.range, is_limited,
                      timeout);
}

Result<Answer> query_api_named(ApiStore& store, const NamedQuestion& named,
                               std::vector<NamedValue> parameters, const TimeRange& range,
                               std::chrono::milliseconds timeout) {
  if (!named.is_object) parameters.emplace_back("limit", std::to_string(kApiAnswerRowsMax));
  return fetch_answer(store, std::string("/api/v1/query/") + named.name, std::move(parameters), range, false,
                      timeout);
}

Result<Answer> list_from_api(ApiStore& store, const std::string& kind, const std::vector<Filter>& filters,
                             std::size_t limit, std::chrono::milliseconds timeout) {
  std::vector<NamedValue> parameters{{"limit", std::to_string(limit)}};
  for (const Filter& filter : filters) parameters.emplace_back(filter.dimension, filter.value);
  OPTIINFRA_TRY(const ApiAnswer answer, store.ask("/api/v1/" + kind, std::move(parameters), timeout));
  return answer.not_found.empty() ? answer_of_report(answer.report) : Answer{};
}

}  // namespace optiinfra::api
