#include "plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "conversion.hpp"
#include "expression.hpp"
#include "nearest.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

/// Longest piece of a field that a description repeats.
constexpr const char* kShownBytesMax = "4096";

std::string own(std::string_view what, std::string_view name = "") {
  return quoted_name("optiinfra:" + std::string(what) + std::string(name));
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator,
                   std::string_view empty) {
  if (parts.empty()) return std::string(empty);
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(separator)) + part;
  return text;
}

std::string any_of(const std::vector<std::string>& conditions) {
  return "(" + joined(conditions, " OR ", "0") + ")";
}

/// SQL for a JSON array of the names whose condition holds.
std::string names_where(const std::vector<std::pair<std::string, std::string>>& names_and_conditions) {
  std::vector<std::string> parts;
  for (const auto& [name, condition] : names_and_conditions)
    parts.push_back("if(" + condition + ", " + quoted_text(json_text(name)) + ", '')");
  if (parts.empty()) return "'[]'";
  return "concat('[', arrayStringConcat(arrayFilter(x -> x != '', [" + joined(parts, ", ", "") +
         "]), ','), ']')";
}

/// SQL for a JSON object of names and SQL values.
std::string object_of(const std::vector<std::pair<std::string, std::string>>& names_and_values) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : names_and_values) {
    parts.push_back(quoted_text((parts.empty() ? "" : ",") + json_text(name) + ":") + ", toJSONString(" +
                    value + ")");
  }
  return parts.empty() ? "'{}'" : "concat('{', " + joined(parts, ", ", "") + ", '}')";
}

/// A column of the table that the file gives.
struct Given {
  ColumnDefinition column;
  std::string expression;
  Conversion conversion = {};
  std::string value() const { return own("value:", column.name); }
};

class Planner {
 public:
  Planner(Transport& transport, const SourceFile& file, const FileFormat& format, const CheckedMap& map,
          const TableDefinition& table, const Survey& survey, sys_seconds clock)
      : transport_(transport),
        file_(file),
        format_(format),
        map_(map.map),
        reads_(map.reads),
        table_(table),
        survey_(survey),
        clock_(clock) {}

  Result<ReadPlan> plan() {
    OPTIINFRA_TRY(source_, read_source_columns(transport_, file_, format_, map_));
    if (map_.is_contract && is_text()) {
      // The columns' own types say how their text is read.
      for (SourceColumn& column : source_) column.type = "String";
    }
    OPTIINFRA_CHECK(map_.is_contract ? take_contract() : take_map());
    OPTIINFRA_CHECK(choose_conversions());
    ReadPlan plan;
    plan.settings = reading_settings(format_);
    plan.has_lines = format_.kind != FormatKind::kTyped;
    plan.lines_before_rows = is_delimited() ? 1 : 0;
    if (is_delimited())
      plan.settings.emplace_back("input_format_" + delimited_family() + "_skip_first_lines", "1");
    plan.counts_line_breaks = counts_line_breaks();
    plan.sql = outer_sql();
    return plan;
  }

 private:
  bool is_delimited() const { return format_.kind == FormatKind::kDelimited; }
  bool is_text() const { return format_.kind != FormatKind::kTyped; }
  std::string delimited_family() const { return format_.name.starts_with("CSV") ? "csv" : "tsv"; }
  bool counts_line_breaks() const { return is_delimited() && !survey_.lines_are_rows; }
  Error refuse(const std::string& what) const {
    return {ErrorKind::kInvalidArgument, file_.path().string() + ": " + what};
  }

  std::vector<std::string> source_names() const {
    std::vector<std::string> names;
    for (const SourceColumn& column : source_) names.push_back(column.name);
    return names;
  }

  /// Each column of the file must be one of the table, so that a misspelt one is not left to its default.
  Result<void> take_contract() {
    const auto columns = table_.columns();
    std::vector<std::string> known;
    for (const ColumnDefinition& column : columns) known.emplace_back(column.name);
    const auto names = source_names();
    for (const std::string& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      return refuse("the column '" + name + "' is none of " + table_.raw_table + suggestion(name, known) +
                    " Columns are " + listed(known) + "; a file with other columns needs a map");
    }
    for (const ColumnDefinition& column : columns) {
      if (std::find(names.begin(), names.end(), column.name) != names.end()) {
        given_.push_back({column, quoted_name(column.name)});
        used_.insert(column.name);
      } else if (column.presence == Presence::kRequired &&
                 !(format_.kind == FormatKind::kJsonLines && names.empty())) {
        return refuse("the required column '" + std::string(column.name) + "' (" + column.meaning +
                      ") is missing; the file has " + listed(names));
      }
    }
    return {};
  }

  Result<void> take_map() {
    const auto names = source_names();
    for (const ExpressionReads& reads : reads_) {
      for (const std::string& column : reads.columns) {
        if (!map_.repeat.empty() && (column == kRepeatIndex || column == kRepeatCount)) continue;
        if (std::find(names.begin(), names.end(), column) == names.end()) {
          return refuse("there is no column '" + column + "', which " + reads.place + " reads" +
                        suggestion(column, names) + " The file has " + listed(names));
        }
        used_.insert(column);
      }
    }
    for (const ColumnDefinition& column : table_.columns()) {
      const std::string_view text = expression_of(map_, column.name);
      if (!text.empty()) given_.push_back({column, "(\n" + std::string(text) + "\n)"});
    }
    for (const char* name : {kRepeatIndex, kRepeatCount}) {
      if (!map_.repeat.empty() && std::find(names.begin(), names.end(), name) != names.end()) {
        return refuse("its column '" + std::string(name) +
                      "' has a name that maps with `repeat` need for themselves");
      }
    }
    return {};
  }

  /// Asks the engine for the type of each expression, and chooses how the column is made of it.
  Result<void> choose_conversions() {
    auto rows = query_rows(
        transport_, {.sql = "DESCRIBE TABLE (" + given_sql() + ")", .settings = reading_settings(format_)});
    if (!rows) return blame_expression(rows.error());
    std::map<std::string, std::string> types;
    for (auto& row : *rows) types[row[0]] = row[1];
    for (Given& given : given_) {
      const std::string& type = types["optiinfra:given:" + std::string(given.column.name)];
      auto chosen = conversion(given.column, value_kind(type), own("given:", given.column.name));
      if (!chosen)
        return refuse("the value for " + std::string(given.column.name) + " is of type " + type +
                      ", of which " + given.column.contract_type + " cannot be made");
      given.conversion = *std::move(chosen);
    }
    if (map_.where.empty()) return {};
    const ValueKind kind = value_kind(types["optiinfra:where"]);
    if (kind == ValueKind::kInteger || kind == ValueKind::kBool || kind == ValueKind::kAbsent) return {};
    return refuse("the map's `where` is of type " + types["optiinfra:where"] + " and must be a condition");
  }

  /// Finds the expression that the engine refused.
  Error blame_expression(const Error& error) {
    std::vector<MapEntry> expressions;
    for (const Given& given : given_)
      expressions.emplace_back("column " + std::string(given.column.name), given.expression);
    if (!map_.where.empty()) expressions.emplace_back("where", map_.where);
    const std::string source = source_sql();
    if (!map_.repeat.empty()) expressions.insert(expressions.begin(), {"repeat", map_.repeat});
    for (const auto& [place, expression] : expressions) {
      const std::string from = place == "repeat" ? source : repeated_sql();
      auto rows = query_rows(
          transport_, {.sql = "DESCRIBE TABLE (SELECT (\n" + expression + "\n) AS value FROM (" + from + "))",
                       .settings = reading_settings(format_)});
      if (!rows)
        return refuse("map " + map_.name + ", " + place + ": " + short_engine_message(rows.error().message));
    }
    return with_context(error, file_.path().string());
  }

  std::string field(std::size_t index) const { return own(std::to_string(index + 1)); }

  bool is_used(const SourceColumn& column) const { return used_.contains(column.name); }

  /// A field whose text is not of the type that the map or the inference says.
  std::string misread(const SourceColumn& column, const std::string& text) const {
    return "(ifNull(" + text + ", '') != '' AND isNull(" + quoted_name(column.name) + "))";
  }

  /// The file's columns under their names, and what is wrong with the shape of a row.
  std::string source_sql() const {
    switch (format_.kind) {
      case FormatKind::kDelimited:
        return delimited_sql();
      case FormatKind::kJsonLines:
        return json_sql();
      case FormatKind::kTyped:
        break;
    }
    std::string sql = "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", 0 AS " + own("blank") +
                      ", '' AS " + own("shape");
    for (const SourceColumn& column : source_) {
      if (is_used(column)) sql += ", " + quoted_name(column.name);
    }
    return sql + " FROM " + file_function(file_, format_, 0);
  }

  std::string delimited_sql() const {
    std::string columns, missing, breaks = "0";
    for (std::size_t i = 0; i < source_.size(); ++i) {
      columns += ", " + field(i);
      if (is_used(source_[i])) {
        const bool is_string = source_[i].type == "String";
        columns +=
            ", " +
            (is_string ? "ifNull(" + field(i) + ", '')" : source_conversion(source_[i].type, field(i))) +
            " AS " + quoted_name(source_[i].name);
        missing += ", isNull(" + field(i) + "), " + quoted_text("ends before the column " + source_[i].name);
      }
      if (counts_line_breaks()) breaks += " + countSubstrings(ifNull(" + field(i) + ", ''), '\\n')";
    }
    const std::string surplus = field(source_.size());
    if (counts_line_breaks()) breaks += " + countSubstrings(ifNull(" + surplus + ", ''), '\\n')";
    return "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", isNull(" + field(0) + ") AS " +
           own("blank") + ", multiIf(isNotNull(" + surplus + "), 'has more fields than the header'" +
           missing + ", '') AS " + own("shape") + ", toUInt64(" + breaks + ") AS " +
           quoted_name(kLineBreaks) + columns + " FROM " + file_function(file_, format_, source_.size());
  }

  std::string json_sql() const {
    std::string tuple, columns;
    std::size_t count = 0;
    for (const SourceColumn& column : source_) {
      if (!is_used(column)) continue;
      tuple += (count == 0 ? "" : ", ") + quoted_name(column.name) + " Nullable(String)";
      const std::string text = own("text:", column.name);
      columns += ", tupleElement(" + own("json") + ", " + std::to_string(++count) + ") AS " + text + ", " +
                 source_conversion(column.type, text) + " AS " + quoted_name(column.name);
    }
    const std::string json =
        count == 0 ? "tuple(0)"
                   : "JSONExtract(" + own("line") + ", " + quoted_text("Tuple(" + tuple + ")") + ")";
    return "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", " + own("line") + ", trim(" +
           own("line") + ") = '' AS " + own("blank") + ", if(JSONType(" + own("line") +
           ") = 'Object', '', 'is no JSON object on one line') AS " + own("shape") + ", " + json + " AS " +
           own("json") + columns + " FROM " + file_function(file_, format_, 0);
  }

  std::string repeated_sql() const {
    if (map_.repeat.empty()) return source_sql();
    const std::string in_range = "ifNull(" + own("repeat") + " >= 1 AND " + own("repeat") +
                                 " <= " + std::to_string(kRepeatMax) + ", 0)";
    return "SELECT *, " + std::string(kRepeatIndex) + " FROM (SELECT *, toUInt32(if(" + in_range + ", " +
           own("repeat") + ", 1)) AS " + kRepeatCount + ", NOT " + in_range + " AS " + own("unrepeatable") +
           " FROM (SELECT *, accurateCastOrNull((\n" + map_.repeat + "\n), 'Int64') AS " + own("repeat") +
           " FROM (" + source_sql() + "))) ARRAY JOIN range(" + kRepeatCount + ") AS " + kRepeatIndex;
  }

  /// The map's values beside the file's columns.
  std::string given_sql() const {
    std::string sql = "SELECT *";
    for (const Given& given : given_)
      sql += ", " + given.expression + " AS " + own("given:", given.column.name);
    if (!map_.where.empty()) sql += ", toNullable((\n" + map_.where + "\n)) AS " + own("where");
    return sql + " FROM (" + repeated_sql() + ")";
  }

  /// The columns of the table, NULL where a value cannot be made.
  std::string value_sql() const {
    std::string sql = "SELECT *";
    for (const Given& given : given_) sql += ", " + given.conversion.result + " AS " + given.value();
    return sql + " FROM (" + given_sql() + ")";
  }

  using Conditions = std::vector<std::pair<std::string, std::string>>;

  Conditions misread_columns() const {
    Conditions conditions;
    if (!is_text()) return conditions;
    for (std::size_t i = 0; i < source_.size(); ++i) {
      if (!is_used(source_[i]) || source_[i].type == "String") continue;
      conditions.emplace_back(source_[i].name,
                              misread(source_[i], is_delimited() ? field(i) : own("text:", source_[i].name)));
    }
    return conditions;
  }

  Conditions inconvertible_columns() const {
    Conditions conditions;
    for (const Given& given : given_)
      conditions.emplace_back(given.column.name,
                              "(isNull(" + given.value() + ") AND NOT (" + given.conversion.absent + "))");
    return conditions;
  }

  Conditions absent_columns() const {
    Conditions conditions;
    for (const Given& given : given_) {
      if (given.column.presence == Presence::kRequired)
        conditions.emplace_back(given.column.name, "(" + given.conversion.absent + ")");
    }
    return conditions;
  }

  static std::vector<std::string> second(const Conditions& conditions) {
    std::vector<std::string> result;
    for (const auto& [name, condition] : conditions) result.push_back(condition);
    return result;
  }

  std::string raw() const {
    if (format_.kind == FormatKind::kJsonLines) {
      const std::string line = own("line");
      return "if(isValidJSON(" + line + "), " + line + ", toJSONString(substring(" + line + ", 1, " +
             kShownBytesMax + ")))";
    }
    std::vector<std::pair<std::string, std::string>> fields;
    for (std::size_t i = 0; i < source_.size(); ++i) {
      if (is_delimited()) {
        fields.emplace_back(source_[i].name,
                            "substring(ifNull(" + field(i) + ", ''), 1, " + kShownBytesMax + ")");
      } else if (is_used(source_[i])) {
        fields.emplace_back(source_[i].name, quoted_name(source_[i].name));
      }
    }
    return object_of(fields);
  }

  /// A JSON object with what RowDetails reads.
  std::string details() const {
    std::vector<std::pair<std::string, std::string>> values;
    for (const Given& given : given_)
      values.emplace_back(given.column.name, own("given:", given.column.name));
    const std::string shape = map_.repeat.empty() ? own("shape")
                                                  : "if(" + own("shape") + " != '', " + own("shape") +
                                                        ", if(" + own("unrepeatable") +
                                                        ", 'is repeated less than once or too often', ''))";
    return "concat('{\"shape\":', toJSONString(" + shape + "), ',\"misread\":', " +
           names_where(misread_columns()) + ", ',\"inconvertible\":', " +
           names_where(inconvertible_columns()) + ", ',\"absent\":', " + names_where(absent_columns()) +
           ", ',\"values\":', " + object_of(values) + ", ',\"raw\":', " + raw() + ", '}')";
  }

  std::string refuse_condition() const {
    std::vector<std::string> all{own("shape") + " != ''"};
    if (!map_.repeat.empty()) all.push_back(own("unrepeatable"));
    for (const Conditions& conditions : {misread_columns(), inconvertible_columns(), absent_columns()}) {
      for (std::string& condition : second(conditions)) all.push_back(std::move(condition));
    }
    return any_of(all);
  }

  std::string rules_condition() const {
    std::vector<std::string> broken;
    for (const Given& given : given_) {
      if (given.column.rule != Rule::kAny)
        broken.push_back("NOT ifNull(" + rule_condition(given.column, given.value(), clock_) + ", 1)");
    }
    return any_of(broken);
  }

  /// A row that `where` cannot judge because it is damaged is not left out but refused.
  std::string keep_condition() const {
    const std::string wanted =
        map_.where.empty() ? "2"
                           : "multiIf(" + own("shape") + " != '', 2, isNull(" + own("where") + "), if(" +
                                 any_of(second(misread_columns())) + ", 2, 1), " + own("where") + ", 2, 1)";
    return "toUInt8(if(" + own("blank") + ", 0, " + wanted + "))";
  }

  std::string outer_sql() const {
    std::string columns;
    for (const Given& given : given_) {
      columns += ", ifNull(" + given.value() + ", " + given.conversion.fallback + ") AS " +
                 quoted_name(given.column.name);
    }
    const std::string keep = quoted_name(kKeep), refuse = quoted_name(kRefuse);
    std::string sql = "SELECT " + own("row") + ", " + keep + ", " + refuse + ", if(" + keep + " = 2 AND (" +
                      refuse + " OR " + own("broken") + "), " + details() + ", '') AS " +
                      quoted_name(kDetails);
    if (counts_line_breaks()) sql += ", " + quoted_name(kLineBreaks);
    return sql + columns + " FROM (SELECT *, " + keep_condition() + " AS " + keep + ", toUInt8(" +
           refuse_condition() + ") AS " + refuse + ", " + rules_condition() + " AS " + own("broken") +
           " FROM (" + value_sql() + "))";
  }

  Transport& transport_;
  const SourceFile& file_;
  const FileFormat& format_;
  const ImportMap& map_;
  const std::vector<ExpressionReads>& reads_;
  const TableDefinition& table_;
  const Survey& survey_;
  sys_seconds clock_;
  std::vector<SourceColumn> source_;
  std::vector<Given> given_;
  std::set<std::string> used_;
};

}  // namespace

Result<CheckedMap> check_map(Transport& transport, ImportMap map) {
  std::vector<Expression> expressions;
  for (const auto& [column, text] : map.columns)
    expressions.push_back({"map " + map.name + ", column " + column, text});
  if (!map.where.empty()) expressions.push_back({"map " + map.name + ", where", map.where});
  if (!map.repeat.empty()) expressions.push_back({"map " + map.name + ", repeat", map.repeat});
  OPTIINFRA_TRY(auto names, check_expressions(transport, expressions));
  CheckedMap checked{std::move(map), {}};
  for (std::size_t i = 0; i < names.size(); ++i)
    checked.reads.push_back({expressions[i].place, std::move(names[i].columns)});
  return checked;
}

Result<ReadPlan> plan_reading(Transport& transport, const SourceFile& file, const FileFormat& format,
                              const CheckedMap& map, const TableDefinition& table, const Survey& survey,
                              sys_seconds clock) {
  return Planner(transport, file, format, map, table, survey, clock).plan();
}

}  // namespace optiinfra
