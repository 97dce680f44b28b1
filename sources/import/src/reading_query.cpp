#include "reading_query.hpp"

#include <algorithm>

#include "optiinfra/schema/select.hpp"
#include "optiinfra/transport/sql.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

/// Longest piece of a field that a description repeats.
constexpr const char* kShownBytesMax = "4096";

std::string own(std::string_view what, std::string_view name = "") {
  return sql_identifier("optiinfra:" + std::string(what) + std::string(name));
}

std::string field(std::size_t index) { return own(std::to_string(index + 1)); }
std::string given_name(const GivenColumn& given) { return own("given:", given.column.name); }
std::string value_name(const GivenColumn& given) { return own("value:", given.column.name); }

std::string any_of(const std::vector<std::string>& conditions) {
  return conditions.empty() ? "0" : "(" + joined(conditions, " OR ") + ")";
}

/// A number whose bit i is condition i.
std::string mask_of(const std::vector<std::string>& conditions) {
  std::string sum = "toUInt64(0)";
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    sum += " + if(" + conditions[i] + ", " + std::to_string(std::uint64_t{1} << i) + ", 0)";
  }
  return "toUInt64(" + sum + ")";
}

}  // namespace

std::string ReadingQuery::source_sql() const { return map_.rows.empty() ? unlisted_sql() : listed_sql(); }

std::string ReadingQuery::unlisted_sql() const {
  if (format_.kind == FormatKind::kDelimited) return delimited_sql();
  if (format_.kind == FormatKind::kJsonLines) return json_sql();
  return typed_sql();
}

/// The elements of the list as rows, which are numbered for themselves. Of the object only what its rows read
/// comes along: the engine repeats it for each of them, and an object may be as large as the file.
std::string ReadingQuery::listed_sql() const {
  std::string kept;
  for (const SourceColumn& column : source) {
    if (!used_by_rows.contains(column.name) && !is_converted(column)) continue;
    kept += ", " + sql_identifier(column.name);
    if (is_converted(column)) kept += ", " + own("text:", column.name);
  }
  if (used.contains(kStatedTime)) kept += ", " + std::string(kStatedTime);
  const std::string list = own("list"), shape = own("shape");
  return "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", 0 AS " + own("blank") + ", " + shape +
         kept + ", " + kListRow + " FROM (SELECT " + list + kept + ", multiIf(" + shape + " != '', " + shape +
         ", empty(" + list + "), 'has no list of rows', '') AS " + shape + " FROM (SELECT *, if(" + shape +
         " = '', (\n" + map_.rows + "\n), []) AS " + list + " FROM (" + unlisted_sql() + ") WHERE NOT " +
         own("blank") + ")) LEFT ARRAY JOIN " + list + " AS " + kListRow;
}

/// A column of that name where an expression reads it.
std::string ReadingQuery::stated_time() const {
  if (!used.contains(kStatedTime)) return "";
  const std::string time = map_.time.empty() ? "NULL" : map_.time;
  return ", CAST(" + time + ", 'Nullable(DateTime64(6, \\'UTC\\'))') AS " + std::string(kStatedTime);
}

/// Whether the column is made of a text, so that it can be misread.
bool ReadingQuery::is_converted(const SourceColumn& column) const {
  if (!is_used(column) || column.is_absent) return false;
  if (format_.kind != FormatKind::kTyped) return column.type != "String";
  return !column.stated.empty() && column.stated != "String" && value_kind(column.type) == ValueKind::kText;
}

bool ReadingQuery::holds_number(const SourceColumn& column) const {
  if (!is_used(column) || column.is_absent) return false;
  if (column.type == "Float64" || column.type == "Int64" || column.type == "UInt64") return true;
  return map_.is_contract && std::any_of(given.begin(), given.end(), [&](const GivenColumn& each) {
           return each.column.name == column.name && takes_number(each.column);
         });
}

/// The column by its type, also where its own name has become the text.
std::string ReadingQuery::typed_name(const SourceColumn& column) const {
  return texts.contains(column.name) ? own("typed:", column.name) : sql_identifier(column.name);
}

/// The file's value of a column that is used.
std::string ReadingQuery::text_of(std::size_t index) const {
  return format_.kind == FormatKind::kDelimited ? field(index) : own("text:", source[index].name);
}

std::string ReadingQuery::absent_columns() const {
  std::string columns;
  for (const SourceColumn& column : source) {
    if (!column.is_absent || !is_used(column)) continue;
    columns += ", " + absent_source(column.type, format_.kind == FormatKind::kDelimited) + " AS " +
               sql_identifier(column.name);
  }
  return columns;
}

std::string ReadingQuery::typed_sql() const {
  std::string sql = "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", 0 AS " + own("blank") +
                    ", '' AS " + own("shape");
  for (const SourceColumn& column : source) {
    if (!is_used(column) || column.is_absent) continue;
    const std::string name = sql_identifier(column.name);
    if (column.stated.empty()) {
      sql += ", " + name;
    } else {
      const std::string value = "file." + sql_identifier(column.file_name());
      sql += ", " + value + " AS " + own("text:", column.name) + ", " +
             typed_conversion(column.stated, column.type, value) + " AS " + name;
    }
  }
  return sql + absent_columns() + stated_time() + " FROM " + file_function(file_, format_, 0) + " AS file";
}

std::string ReadingQuery::delimited_sql() const {
  std::string columns, missing, breaks;
  std::size_t count = 0;
  for (std::size_t i = 0; i < source.size() && !source[i].is_absent; ++i) {
    ++count;
    columns += ", " + field(i);
    if (!is_used(source[i])) continue;
    const std::string number =
        decimal != 0 && holds_number(source[i]) ? number_with_point(field(i), decimal) : field(i);
    const std::string text =
        source[i].type == "String" ? "ifNull(" + number + ", '')" : source_conversion(source[i].type, number);
    columns += ", " + text + " AS " + sql_identifier(source[i].name);
    if (texts.contains(source[i].name))
      columns += ", " + sql_identifier(source[i].name) + " AS " + typed_name(source[i]);
    missing +=
        ", isNull(" + field(i) + "), " + sql_literal("ends before the column " + source[i].file_name());
  }
  if (counts_line_breaks_) {
    for (std::size_t i = 0; i <= count; ++i) {
      breaks += (i == 0 ? ", " : " + ") + ("countSubstrings(ifNull(" + field(i) + ", ''), '\\n')");
    }
    breaks += " AS " + sql_identifier(kLineBreaks);
  }
  return "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", isNull(" + field(0) + ") AS " +
         own("blank") + ", multiIf(isNotNull(" + field(count) + "), 'has more fields than the header'" +
         missing + ", '') AS " + own("shape") + breaks + columns + absent_columns() + stated_time() +
         " FROM " + file_function(file_, format_, count);
}

std::string ReadingQuery::numbers_sql() const {
  if (format_.kind != FormatKind::kDelimited) return {};
  std::string pairs;
  std::size_t count = 0;
  for (std::size_t i = 0; i < source.size() && !source[i].is_absent; ++i) {
    ++count;
    if (holds_number(source[i]))
      pairs += (pairs.empty() ? "(" : ", (") + sql_literal(source[i].file_name()) + ", trim(ifNull(" +
               field(i) + ", '')))";
  }
  if (pairs.empty()) return {};
  return "SELECT arrayJoin([" + pairs + "]) AS number FROM " + file_function(file_, format_, count);
}

/// All fields are taken out of a line at once.
std::string ReadingQuery::json_sql() const {
  const std::string line = own("line"), json = own("json");
  std::string tuple, columns;
  std::size_t count = 0;
  for (const SourceColumn& column : source) {
    if (!is_used(column)) continue;
    tuple += (count == 0 ? "" : ", ") + sql_identifier(column.file_name()) + " Nullable(String)";
    const std::string text = own("text:", column.name);
    columns += ", tupleElement(" + json + ", " + std::to_string(++count) + ") AS " + text + ", " +
               source_conversion(column.type, text) + " AS " + sql_identifier(column.name);
  }
  const std::string fields =
      count == 0 ? "tuple(0)" : "JSONExtract(" + line + ", " + sql_literal("Tuple(" + tuple + ")") + ")";
  return "SELECT rowNumberInAllBlocks() + 1 AS " + own("row") + ", " + line + ", trim(BOTH ' \\t\\r' FROM " +
         line + ") = '' AS " + own("blank") + ", if(JSONType(" + line +
         ") = 'Object', '', 'is no JSON object" + (format_.is_json_over_lines ? "" : " on one line") +
         "') AS " + own("shape") + ", " + fields + " AS " + json + columns + stated_time() + " FROM " +
         file_function(file_, format_, 0);
}

std::string ReadingQuery::counted_sql(const std::string& from, const std::string& expression,
                                      const char* count_name, int max) const {
  const std::string count = own("counted:", count_name);
  const std::string in_range =
      "ifNull(" + count + " >= 1 AND " + count + " <= " + std::to_string(max) + ", 0)";
  return "SELECT *, NOT " + in_range + " AS " + own("uncountable:", count_name) + ", toUInt32(if(" +
         in_range + ", assumeNotNull(" + count + "), 1)) AS " + sql_identifier(count_name) +
         " FROM (SELECT *, accurateCastOrNull((\n" + expression + "\n), 'Int64') AS " + count + " FROM (" +
         from + "))";
}

/// The hours of a part come one after the other, the first of them with its amount.
std::string ReadingQuery::repeated_sql() const {
  if (!repeats()) return source_sql();
  const std::string repeat = map_.repeat.empty() ? "1" : map_.repeat;
  std::string from = counted_sql(source_sql(), repeat, kRepeatCount, kRepeatMax);
  if (map_.parts.empty())
    return "SELECT *, " + std::string(kRepeatIndex) + " FROM (" + from + ") ARRAY JOIN range(" +
           kRepeatCount + ") AS " + kRepeatIndex;
  from = counted_sql(from, map_.parts, kPartCount, kPartsMax);
  return "SELECT *, toUInt32(intDiv(" + own("index") + ", " + kRepeatCount + ")) AS " + kPartIndex +
         ", toUInt32(" + own("index") + " % " + kRepeatCount + ") AS " + kRepeatIndex + " FROM (" + from +
         ") ARRAY JOIN range(" + kRepeatCount + " * " + sql_identifier(kPartCount) + ") AS " + own("index");
}

std::string ReadingQuery::given_sql() const {
  std::string typed = "SELECT *", as_text;
  for (const GivenColumn& column : given)
    (column.reads_text ? as_text : typed) += ", " + column.expression + " AS " + given_name(column);
  if (!map_.where.empty()) typed += ", toNullable((\n" + map_.where + "\n)) AS " + sql_identifier(kWhere);
  if (!map_.amount.empty()) {
    typed += ", ifNull(toFloat64((\n" + map_.amount + "\n)), 0) AS " + sql_identifier(kAmount) +
             ", toLowCardinality(ifNull(toString((\n" + (map_.category.empty() ? "''" : map_.category) +
             "\n)), '')) AS " + sql_identifier(kCategory) + ", toUInt8(" +
             (repeats() ? std::string(kRepeatIndex) + " = 0" : "1") + ") AS " + sql_identifier(kIsCharge);
  }
  typed += " FROM (" + repeated_sql() + ")";
  if (as_text.empty()) return typed;
  return "SELECT *" + as_text + " FROM (SELECT * REPLACE (" + text_columns(texts) + ") FROM (" + typed + "))";
}

std::string ReadingQuery::text_columns(const std::set<std::string>& columns) const {
  std::vector<std::string> replaced;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (columns.contains(source[i].name))
      replaced.push_back("ifNull(" + field(i) + ", '') AS " + sql_identifier(source[i].name));
  }
  return joined(replaced, ", ");
}

std::string ReadingQuery::text_sql(const std::set<std::string>& columns) const {
  return "SELECT * REPLACE (" + text_columns(columns) + ") FROM (" + repeated_sql() + ")";
}

/// The columns of the table, NULL where a value cannot be made.
std::string ReadingQuery::value_sql() const {
  std::string sql = "SELECT *";
  for (const GivenColumn& column : given)
    sql += ", " + column.conversion.result + " AS " + value_name(column);
  return sql + " FROM (" + given_sql() + ")";
}

/// Fields of text that are not of the type which the map or the inference gives them.
std::vector<std::string> ReadingQuery::misread() const {
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (is_converted(source[i]))
      conditions.push_back("(NOT " + says_absent(text_of(i)) + " AND isNull(" + typed_name(source[i]) + "))");
  }
  return conditions;
}

std::vector<std::string> ReadingQuery::inconvertible() const {
  std::vector<std::string> conditions;
  for (const GivenColumn& column : given) {
    conditions.push_back("(isNull(" + value_name(column) + ") AND NOT (" + column.conversion.absent + "))");
  }
  return conditions;
}

std::vector<std::string> ReadingQuery::absent() const {
  std::vector<std::string> conditions;
  for (const GivenColumn& column : given) {
    conditions.push_back(column.column.presence == Presence::kRequired ? "(" + column.conversion.absent + ")"
                                                                       : "0");
  }
  return conditions;
}

/// A row that `where` cannot judge because it is damaged is not left out but refused.
std::string ReadingQuery::keep() const {
  std::string wanted = "2";
  if (!map_.where.empty()) {
    wanted = "multiIf(" + own("shape") + " != '', 2, isNull(" + sql_identifier(kWhere) + "), if(" +
             own("misread") + " != 0, 2, 1), " + sql_identifier(kWhere) + ", 2, 1)";
  }
  return "toUInt8(if(" + own("blank") + ", 0, " + wanted + "))";
}

/// Whether validate() will refuse the row.
std::string ReadingQuery::broken(sys_seconds clock) const {
  std::vector<std::string> conditions;
  for (const GivenColumn& column : given) {
    if (column.column.rule == Rule::kAny) continue;
    conditions.push_back("NOT ifNull(" + rule_condition(column.column, value_name(column), clock) + ", 1)");
  }
  return any_of(conditions);
}

/// What is wrong with the row as a whole.
std::string ReadingQuery::shape() const {
  if (!repeats()) return own("shape");
  std::string uncountable = own("uncountable:", kRepeatCount);
  if (!map_.parts.empty()) uncountable = "(" + uncountable + " OR " + own("uncountable:", kPartCount) + ")";
  return "if(" + own("shape") + " = '' AND " + uncountable + ", 'is repeated less than once or too often', " +
         own("shape") + ")";
}

std::string ReadingQuery::raw() const {
  if (!map_.rows.empty()) return kListRow;
  if (format_.kind == FormatKind::kJsonLines) return own("line");
  std::vector<std::string> fields;
  for (std::size_t i = 0; i < source.size() && !source[i].is_absent; ++i) {
    if (format_.kind == FormatKind::kDelimited) {
      fields.push_back("substring(ifNull(" + field(i) + ", ''), 1, " + kShownBytesMax + ")");
    } else if (is_used(source[i])) {
      fields.push_back(source[i].stated.empty() ? sql_identifier(source[i].name) : text_of(i));
    }
  }
  return fields.empty() ? "''" : "tuple(" + joined(fields, ", ") + ")";
}

/// A JSON array, made by one function over one tuple: what is made of hundreds of small pieces costs the
/// engine longer to plan than a small file to read.
std::string ReadingQuery::details() const {
  std::vector<std::string> values;
  for (const GivenColumn& column : given) values.push_back(given_name(column));
  return "toJSONString(tuple(" + shape() + ", " + own("misread") + ", " + own("inconvertible") + ", " +
         own("absent") + ", " + (values.empty() ? "''" : "tuple(" + joined(values, ", ") + ")") + ", " +
         raw() + "))";
}

std::string ReadingQuery::sql(sys_seconds clock) const {
  const std::string keep_name = sql_identifier(kKeep), refuse = sql_identifier(kRefuse);
  std::string columns = own("row") + ", " + keep_name + ", " + refuse;
  if (counts_line_breaks_) columns += ", " + sql_identifier(kLineBreaks);
  if (!map_.amount.empty())
    columns +=
        ", " + sql_identifier(kAmount) + ", " + sql_identifier(kCategory) + ", " + sql_identifier(kIsCharge);
  for (const GivenColumn& column : given) {
    columns += ", ifNull(" + value_name(column) + ", " + column.conversion.fallback + ") AS " +
               sql_identifier(column.column.name);
  }
  const std::string faults = "SELECT *, " + mask_of(misread()) + " AS " + own("misread") + ", " +
                             mask_of(inconvertible()) + " AS " + own("inconvertible") + ", " +
                             mask_of(absent()) + " AS " + own("absent") + " FROM (" + value_sql() + ")";
  const std::string judged = "SELECT *, " + keep() + " AS " + keep_name + ", toUInt8(" + shape() +
                             " != '' OR " + own("misread") + " + " + own("inconvertible") + " + " +
                             own("absent") + " != 0) AS " + refuse + " FROM (" + faults + ")";
  return "SELECT " + columns + ", if(" + keep_name + " = 2 AND (" + refuse + " OR " + broken(clock) + "), " +
         details() + ", '') AS " + sql_identifier(kDetails) + " FROM (" + judged + ")";
}

std::vector<std::string> ReadingQuery::misread_names() const {
  std::vector<std::string> names;
  for (const SourceColumn& column : source) {
    if (is_converted(column)) names.push_back(column.file_name());
  }
  return names;
}

std::vector<std::string> ReadingQuery::given_names() const {
  std::vector<std::string> names;
  for (const GivenColumn& column : given) names.emplace_back(column.column.name);
  return names;
}

std::vector<std::string> ReadingQuery::raw_names() const {
  std::vector<std::string> names;
  if (format_.kind == FormatKind::kJsonLines) return names;
  for (const SourceColumn& column : source) {
    if (column.is_absent) break;  // They come last.
    if (format_.kind == FormatKind::kDelimited || is_used(column)) names.push_back(column.file_name());
  }
  return names;
}

}  // namespace optiinfra
