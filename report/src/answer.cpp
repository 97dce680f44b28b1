#include "optiinfra/report/answer.hpp"

#include <cmath>
#include <limits>

#include "optiinfra/report/names.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::report {
namespace {

Value value_of(const Cell& cell) {
  return std::visit([](const auto& value) { return Value(value); }, cell);
}

Look look_of(CellKind kind) {
  switch (kind) {
    case CellKind::kTime:
      return Look::kTime;
    case CellKind::kText:
      return Look::kText;
    case CellKind::kCount:
      return Look::kCount;
    case CellKind::kNumber:
      break;
  }
  return Look::kDecimal;
}

/// A count's heading says what is counted.
std::string heading_of(const AnswerColumn& column) {
  if (column.unit.empty() || column.kind == CellKind::kCount) return column.heading;
  return column.heading + ", " + (column.unit == "percent" ? "%" : column.unit);
}

}  // namespace

void add_answer(Report& report, const Answer& answer, bool is_object, const Names* names) {
  Records records;
  for (const AnswerColumn& column : answer.columns) {
    records.fields.push_back({column.key, heading_of(column), look_of(column.kind), column.decimals});
    if (!column.unit.empty()) report.units.emplace_back(column.key, column.unit);
  }
  for (const auto& cells : answer.rows) {
    Row& row = records.rows.emplace_back();
    for (const Cell& cell : cells) row.push_back(value_of(cell));
  }
  if (names != nullptr) add_names(records, *names);
  for (const Coverage& each : answer.coverage)
    report.coverage.emplace_back(table_of(each.family).name, each.rows);
  report.window = answer.window;
  report.sections.push_back(
      {.key = "rows", .title = {}, .records = std::move(records), .is_object = is_object});
}

Series series_of(const Answer& answer, std::string_view key, std::string title, std::chrono::seconds step) {
  Series series{.title = std::move(title), .begin = {}, .step = step, .values = {}};
  std::size_t column = 0;
  while (column < answer.columns.size() && answer.columns[column].key != key) ++column;
  if (answer.rows.empty() || column == answer.columns.size()) return series;
  series.decimals = answer.columns[column].decimals;
  series.begin = std::get<sys_seconds>(answer.rows.front().front());
  for (const auto& cells : answer.rows) {
    const auto index = static_cast<std::size_t>((std::get<sys_seconds>(cells.front()) - series.begin) / step);
    if (index >= series.values.size())
      series.values.resize(index + 1, std::numeric_limits<double>::quiet_NaN());
    if (const double* number = std::get_if<double>(&cells[column])) {
      double& value = series.values[index];
      value = std::isnan(value) ? *number : value + *number;
    }
  }
  return series;
}

}  // namespace optiinfra::report
