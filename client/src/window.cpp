#include "window.hpp"

#include <algorithm>

namespace optiinfra {
namespace {

using std::chrono::hours;

sys_seconds ceil_hour(sys_seconds time) { return std::chrono::ceil<hours>(time); }

std::string instant(const char* name) { return std::string("toDateTime({") + name + ":UInt32}, 'UTC')"; }

std::string type_of(const TableDefinition& table, const std::string& column) {
  for (const ColumnDefinition& definition : table.columns()) {
    if (column == definition.name) return definition.contract_type;
  }
  return "String";
}

std::string filters(const Question& question) {
  std::string sql;
  for (const auto& [column, value] : question.filters) {
    sql += (sql.empty() ? "" : " AND ") + column + " = {" + column + ":" + type_of(*question.table, column) +
           "}";
  }
  return sql;
}

std::string joined_groups(const Question& question) {
  std::string sql;
  for (const std::string& group : question.groups) sql += ", " + group;
  return sql;
}

/// The measures that the answer's columns are finished from.
std::vector<const MeasureDefinition*> needed_measures(const Question& question) {
  std::vector<const MeasureDefinition*> result;
  const auto finished = question.table->finished();
  for (const MeasureDefinition& measure : question.table->measures) {
    const bool needed =
        std::any_of(question.columns.begin(), question.columns.end(), [&](const AnswerColumn& column) {
          return std::any_of(finished.begin(), finished.end(), [&](const FinishedColumn& candidate) {
            return candidate.name == column.name &&
                   candidate.expression.find("(" + std::string(measure.name) + ")") != std::string::npos;
          });
        });
    if (needed) result.push_back(&measure);
  }
  return result;
}

std::string rollup_and_hours(const Question& question, std::string_view database) {
  return qualified(database, question.table->rollup_table) + " WHERE " + filters(question) +
         " AND hour >= " + instant("hour_begin") + " AND hour < " + instant("hour_end");
}

std::string from_rollup(const Question& question, std::string_view database) {
  std::string sql = "SELECT hour" + joined_groups(question);
  for (const MeasureDefinition* measure : needed_measures(question)) sql += ", " + std::string(measure->name);
  return sql + " FROM " + rollup_and_hours(question, database);
}

std::string from_raw(const Question& question, std::string_view database) {
  std::string sql = "SELECT toStartOfHour(timestamp) AS hour" + joined_groups(question);
  for (const MeasureDefinition* measure : needed_measures(question))
    sql += ", " + measure->raw_expression() + " AS " + measure->name;
  return sql + " FROM " + qualified(database, question.table->raw_table) + " WHERE " + filters(question) +
         " AND ((timestamp >= " + instant("begin") + " AND timestamp < " + instant("hour_begin") +
         ") OR (timestamp >= " + instant("hour_end") + " AND timestamp < " + instant("end") +
         ")) GROUP BY hour" + joined_groups(question);
}

/// Without a conversion where the expression has the answer's type anyway: each costs the engine's planner.
std::string answer_expression(const TableDefinition& table, const AnswerColumn& answer) {
  for (const FinishedColumn& column : table.finished()) {
    if (column.name != answer.name) continue;
    const bool is_float32 = column.aggregate == Aggregate::kMinimum ||
                            column.aggregate == Aggregate::kMaximum ||
                            column.aggregate == Aggregate::kMaximumState;
    return is_float32 ? "toFloat64(" + column.expression + ")" : column.expression;
  }
  detail::broken_invariant("a question asks for a column that its rollup does not finish");
}

/// Whole hours of one key are few granules of a rollup: more threads, compiled expressions and looks for what
/// our tables do not have take longer to prepare than they save (docs/performance.md). Raw rows may be many.
std::vector<NamedValue> settings_of(bool reads_raw_rows) {
  std::vector<NamedValue> settings = {{"compile_expressions", "0"},
                                      {"compile_aggregate_expressions", "0"},
                                      {"compile_sort_description", "0"},
                                      {"use_skip_indexes", "0"},
                                      {"optimize_use_projections", "0"}};
  if (!reads_raw_rows)
    settings.insert(settings.end(), {{"optimize_move_to_prewhere", "0"}, {"max_threads", "1"}});
  return settings;
}

std::string seconds_text(sys_seconds time) { return std::to_string(to_column_time(time)); }

}  // namespace

TimeRange widen(TimeRange range, sys_seconds raw_begin) {
  if (range.begin < raw_begin) range.begin = floor_hour(range.begin);
  if (range.end < raw_begin) range.end = ceil_hour(range.end);
  return range;
}

Statement make_statement(const Question& question, std::string_view database,
                         std::chrono::milliseconds timeout) {
  // A range inside one hour has no whole hour: all of it is an edge.
  const sys_seconds hour_begin =
      question.raw_only ? question.range.end : std::min(ceil_hour(question.range.begin), question.range.end);
  const sys_seconds hour_end = std::max(hour_begin, floor_hour(question.range.end));
  const bool has_hours = hour_begin < hour_end;
  const bool has_edges = question.range.begin < hour_begin || hour_end < question.range.end;

  std::string sql =
      "SELECT " +
      (question.bucket.empty() ? "" : "toUInt32(toDateTime(" + question.bucket + ", 'UTC')) AS bucket, ");
  for (const std::string& group : question.groups)
    sql += "CAST(" + group + ", 'String') AS group_" + group + ", ";
  for (const AnswerColumn& column : question.columns) {
    sql += std::string(&column == question.columns.data() ? "" : ", ") +
           answer_expression(*question.table, column) + " AS answer_" + column.name;
  }
  if (!has_edges) {
    sql += "\nFROM " + rollup_and_hours(question, database);
  } else {
    sql += "\nFROM (" + (has_hours ? from_rollup(question, database) + "\nUNION ALL " : std::string()) +
           from_raw(question, database) + ")";
  }
  std::string by = question.bucket.empty() ? "" : ", bucket";
  for (const std::string& group : question.groups) by += ", group_" + group;
  if (!by.empty()) sql += "\nGROUP BY " + by.substr(2);
  if (!question.order.empty()) sql += "\nORDER BY " + question.order;

  Statement statement{.sql = std::move(sql),
                      .parameters = question.filters,
                      .settings = settings_of(has_edges),
                      .timeout = timeout};
  statement.parameters.emplace_back("begin", seconds_text(question.range.begin));
  statement.parameters.emplace_back("end", seconds_text(question.range.end));
  statement.parameters.emplace_back("hour_begin", seconds_text(hour_begin));
  statement.parameters.emplace_back("hour_end", seconds_text(hour_end));
  return statement;
}

}  // namespace optiinfra
