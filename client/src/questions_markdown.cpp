#include <array>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/names.hpp"

namespace optiinfra {
namespace {

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

/// A value of the kind and no particular size: what a reader needs is its form.
std::string example(const AnswerColumn& column) {
  switch (column.kind) {
    case CellKind::kTime:
      return quoted("2026-11-21T17:00:00Z");
    case CellKind::kText:
      return quoted("a " + column.heading);
    case CellKind::kCount:
      return "1005";
    case CellKind::kNumber:
      break;
  }
  return column.unit == "0-1" ? "0.938" : "61.4";
}

/// `columns` with the name next to each id, as every answer has them.
std::vector<AnswerColumn> with_names(std::vector<AnswerColumn> columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!name_kind_of_column(columns[i].key)) continue;
    const std::string key = columns[i].key.substr(0, columns[i].key.size() - 2) + "name";
    columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(i + 1),
                   {key, columns[i].heading + " name", "", CellKind::kText});
  }
  return columns;
}

/// The columns of `question`, as an answer to it has them.
std::vector<AnswerColumn> columns_of(const NamedQuestion& question) {
  std::vector<AnswerColumn> columns;
  if (question.bucket) columns.push_back({"begin", "from (UTC)", "", CellKind::kTime});
  const Question asked = question.over({});
  for (const std::string& name : asked.dimensions) {
    for (const Dimension& dimension : dimensions())
      if (name == dimension.name)
        columns.push_back({dimension.column, dimension.heading, "", CellKind::kText});
  }
  for (const std::string& name : asked.measures) {
    for (const Measure& measure : measures())
      if (measure.family == question.family && name == measure.name) columns.push_back(measure.column);
  }
  question.name_columns(columns);
  return with_names(std::move(columns));
}

std::string rows_json(const std::vector<AnswerColumn>& columns, bool is_object) {
  std::string row;
  for (const AnswerColumn& column : columns)
    row += (row.empty() ? "{" : ", ") + quoted(column.key) + ": " + example(column);
  return is_object ? row + "}" : "[" + row + "}]";
}

std::string units_json(const std::vector<AnswerColumn>& columns) {
  std::string units;
  for (const AnswerColumn& column : columns) {
    if (!column.unit.empty())
      units += (units.empty() ? "{" : ", ") + quoted(column.key) + ": " + quoted(column.unit);
  }
  return units + "}";
}

std::string section(const std::string& command, const std::string& meaning,
                    const std::vector<AnswerColumn>& columns, bool is_object, const std::string& families) {
  return "### " + command + "\n" + meaning + ".\n```json\n{\"command\": " + quoted(command) +
         ",\n \"window\": {\"begin\": \"2026-11-21T16:18:07Z\", \"end\": \"2026-11-22T16:18:07Z\"},\n "
         "\"data\": " +
         rows_json(columns, is_object) + ",\n \"units\": " + units_json(columns) + ",\n \"coverage\": {" +
         families + "},\n \"elapsed_ms\": 11.24}\n```\n\n";
}

std::string covered(Family family) {
  static constexpr std::array kNames = {
#define BEGIN_FAMILY(Name, name) #name,
#include "optiinfra/schema/families.def"
  };
  return quoted(kNames[static_cast<std::size_t>(family)]) + ": {\"rows\": 1005}";
}

AnswerColumn column_of(Family family, std::string_view name) {
  for (const Measure& measure : measures())
    if (measure.family == family && measure.name == name) return measure.column;
  return {};
}

}  // namespace

std::string questions_markdown() {
  std::string text;
  for (const NamedQuestion& question : named_questions())
    text += section(std::string("query ") + question.name, question.meaning, columns_of(question),
                    question.is_object, covered(question.family));
  const std::vector<AnswerColumn> columns = {{"begin", "from (UTC)", "", CellKind::kTime},
                                             {"customer_id", "customer", "", CellKind::kText},
                                             column_of(Family::kCost, "total_cost"),
                                             column_of(Family::kPerformance, "p95_latency")};
  return text +
         section("query metrics",
                 "Any measures by any dimensions, here `--measures total_cost,p95_latency --by customer "
                 "--bucket day`. Where two families have a key, each gets its family's name in front",
                 with_names(columns), false, covered(Family::kCost) + ", " + covered(Family::kPerformance));
}

}  // namespace optiinfra
