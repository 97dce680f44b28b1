#include "source_columns.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "conversion.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"
#include "source_names.hpp"
#include "sql.hpp"

namespace optiinfra {
namespace {

/// JSON objects whose values' types are looked at; of keys without a value in these, those that have one.
constexpr int kSampleRows = 10'000;

}  // namespace

Error unreadable(const SourceFile& file, const FileFormat& format, const Error& error) {
  Error result = error;
  if (result.kind == ErrorKind::kRejected) result.kind = ErrorKind::kInvalidArgument;
  result.message = file.path().string() + " cannot be read as " + format.name +
                   (format.compression == "none" ? "" : " in " + format.compression) + ": " +
                   short_engine_message(error.message);
  return result;
}

namespace {

std::string file_as(const SourceFile& file, const FileFormat& format, std::string_view name) {
  return "file(" + sql_literal(file.engine_path()) + ", " + sql_literal(name) + ", 'auto', " +
         sql_literal(format.compression) + ")";
}

/// Settings of a statement whose first line is the header.
std::vector<NamedValue> settings_of_header(const FileFormat& format) {
  auto settings = reading_settings(format);
  if (format.lines_above_header > 0)
    settings.emplace_back(format.name.starts_with("CSV") ? "input_format_csv_skip_first_lines"
                                                         : "input_format_tsv_skip_first_lines",
                          std::to_string(format.lines_above_header));
  return settings;
}

/// The first name of a header after the byte order mark, where the engine does not see a quote.
std::string without_mark(std::string_view name) {
  if (name.starts_with(kUtf8Mark)) name.remove_prefix(kUtf8Mark.size());
  if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"'))
    name = name.substr(1, name.size() - 2);
  return std::string(name);
}

/// The names in the header, empty ones included, which the engine's own reading of it drops.
Result<std::vector<SourceColumn>> read_header(Session& session, const SourceFile& file,
                                              const FileFormat& format) {
  const std::string name = format.name.substr(0, 3);
  auto settings = settings_of_header(format);
  settings.emplace_back(name == "CSV" ? "input_format_csv_detect_header" : "input_format_tsv_detect_header",
                        "0");
  settings.emplace_back("input_format_max_rows_to_read_for_schema_inference", "1");
  settings.emplace_back("max_block_size", "1");
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT arrayJoin(arrayMap(x -> ifNull(x, ''), "
                                   "[COLUMNS('.*')]::Array(Nullable(String)))) FROM (SELECT * FROM " +
                                   file_as(file, format, name) + " LIMIT 1)",
                            .settings = settings}));
  std::vector<SourceColumn> columns;
  for (const auto& row : rows) columns.push_back({row[0], "String"});
  if (format.begins_with_mark && !columns.empty()) columns[0].name = without_mark(columns[0].name);
  return columns;
}

Result<std::vector<SourceColumn>> describe(Session& session, const SourceFile& file,
                                           const FileFormat& format) {
  auto rows = query_texts(session, {.sql = "DESCRIBE TABLE " + file_as(file, format, format.name),
                                    .settings = settings_of_header(format),
                                    .timeout = kReadTimeout});
  if (!rows) return unreadable(file, format, rows.error());
  std::vector<SourceColumn> columns;
  for (auto& row : *rows) columns.push_back({std::move(row[0]), std::move(row[1])});
  return columns;
}

/// The header says which columns there are, the engine's inference of what type they are. A file that has
/// nothing but a header has no types.
Result<std::vector<SourceColumn>> describe_delimited(Session& session, const SourceFile& file,
                                                     const FileFormat& format) {
  const auto inferred = describe(session, file, format);
  auto header = read_header(session, file, format);
  if (!header) return inferred ? unreadable(file, format, header.error()) : inferred.error();
  if (!inferred) return header;
  for (SourceColumn& column : *header) {
    const auto found = std::find_if(inferred->begin(), inferred->end(),
                                    [&](const SourceColumn& other) { return other.name == column.name; });
    if (found != inferred->end() && !column.name.empty()) column.type = source_type_of(found->type);
  }
  return header;
}

/// What all values of a key in the sample are.
std::string_view type_of_json(const std::vector<std::string>& types) {
  const auto only = [&types](auto... allowed) {
    return !types.empty() && std::all_of(types.begin(), types.end(),
                                         [&](const std::string& type) { return ((type == allowed) || ...); });
  };
  if (only("Int64", "UInt64")) return "Int64";
  if (only("Int64", "UInt64", "Double")) return "Float64";
  if (only("Bool")) return "Bool";
  return "String";
}

/// The types of the values of `keys`, by key, in up to `limit` objects that have one of them.
Result<std::map<std::string, std::string>> json_types(Session& session, const SourceFile& file,
                                                      const FileFormat& format,
                                                      const std::vector<std::string>& keys,
                                                      const std::string& limit) {
  std::string list;
  for (const std::string& key : keys) list += (list.empty() ? "" : ", ") + sql_literal(key);
  const std::string sql =
      "SELECT toString(key), arrayStringConcat(groupUniqArray(toString(type)), ' ') FROM (SELECT line, keys, "
      "arrayMap(k -> JSONType(line, k), keys) AS types FROM (SELECT `optiinfra:line` AS line, "
      "arrayIntersect(arrayMap(k -> toString(k), JSONExtractKeys(line)), [" +
      list + "]) AS keys FROM " + file_function(file, format, 0) + ") WHERE notEmpty(keys)" + limit +
      ") ARRAY JOIN keys AS key, types AS type WHERE type != 'Null' GROUP BY key";
  auto rows =
      query_texts(session, {.sql = sql, .settings = reading_settings(format), .timeout = kReadTimeout});
  if (!rows) return unreadable(file, format, rows.error());
  std::map<std::string, std::string> found;
  for (auto& row : *rows) {
    std::vector<std::string> types;
    for (std::string_view rest = row[1]; !rest.empty();) {
      types.emplace_back(rest.substr(0, rest.find(' ')));
      rest.remove_prefix(std::min(types.back().size() + 1, rest.size()));
    }
    found[row[0]] = type_of_json(types);
  }
  return found;
}

Result<std::vector<SourceColumn>> json_columns(Session& session, const SourceFile& file,
                                               const FileFormat& format, const ImportMap& map,
                                               const std::vector<std::string>& keys) {
  std::vector<SourceColumn> columns;
  for (const std::string& key : keys) columns.push_back({key, "String"});
  // The contract's columns say themselves how they are read, and an object that holds a list may be the whole
  // file, which is not read once for each of its keys.
  if (map.is_contract || keys.empty() || !map.rows.empty()) return columns;
  OPTIINFRA_TRY(auto types, json_types(session, file, format, keys, " LIMIT " + std::to_string(kSampleRows)));
  std::vector<std::string> late;
  for (const std::string& key : keys)
    if (!types.contains(key)) late.push_back(key);
  if (!late.empty()) {
    OPTIINFRA_TRY(auto more, json_types(session, file, format, late, ""));
    types.merge(more);
  }
  for (SourceColumn& column : columns) {
    if (const auto type = types.find(column.name); type != types.end()) column.type = type->second;
  }
  return columns;
}

void apply_stated_types(std::vector<SourceColumn>& columns, const FileFormat& format, const ImportMap& map) {
  std::vector<std::string> names;
  for (const SourceColumn& column : columns) names.push_back(column.name);
  const auto places = find_source_columns(map, names);
  for (const auto& [name, type] : map.source) {
    const auto place = places.find(name);
    if (place == places.end()) {
      const bool is_json = format.kind == FormatKind::kJsonLines;
      const bool is_optional = std::binary_search(map.optional.begin(), map.optional.end(), name);
      if (is_json || is_optional) columns.push_back({name, type, type, !is_json});
      continue;
    }
    SourceColumn& column = columns[place->second];
    if (column.name != name) column.in_file = std::exchange(column.name, name);
    column.stated = type;
    if (format.kind != FormatKind::kTyped) column.type = type;
  }
}

Result<void> expect_distinct(const SourceFile& file, const std::vector<SourceColumn>& columns) {
  std::vector<std::string> names;
  for (const SourceColumn& column : columns)
    if (!column.name.empty()) names.push_back(column.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return invalid_argument(file.path().string() + ": two columns have the name '" + shown(*twice) + "'");
}

}  // namespace

std::vector<NamedValue> reading_settings(const FileFormat& format) {
  std::vector<NamedValue> settings = {
      {"max_threads", "1"},
      {"max_parsing_threads", "1"},
      {"max_block_size", "65536"},
      {"input_format_max_block_size_bytes", "8388608"},
      // A mapped file counts as memory, and ends the process when somebody shortens it.
      {"storage_file_read_method", "pread"},
      {"max_memory_usage", "2147483648"},
      {"input_format_parquet_preserve_order", "1"},
      {"schema_inference_use_cache_for_file", "0"},
      {"use_cache_for_count_from_files", "0"},
      {"date_time_input_format", "best_effort"},
      {"session_timezone", "UTC"},
      // The description of a row is made only for the rows that need one.
      {"short_circuit_function_evaluation", "force_enable"},
      {"output_format_json_named_tuples_as_objects", "1"},
      // The rows of a list are numbered after they were taken apart, not before.
      {"query_plan_lift_up_array_join", "0"},
      // Many small files run the same query many times, and compiling it costs more than it saves.
      {"compile_expressions", "0"},
  };
  if (format.kind == FormatKind::kDelimited) {
    const std::string family = format.name.starts_with("CSV") ? "csv" : "tsv";
    settings.insert(settings.end(),
                    {{"input_format_" + family + "_allow_variable_number_of_columns", "1"},
                     {"input_format_" + family + "_empty_as_default", "0"},
                     // No text stands for NULL, so that only an absent field is NULL.
                     {"format_" + family + "_null_representation", std::string("\x01") + "absent" + "\x01"}});
    if (format.is_csv() && format.delimiter != 0 && format.delimiter != ',')
      settings.insert(settings.end(), {{"format_csv_delimiter", std::string(1, format.delimiter)},
                                       {"input_format_csv_allow_whitespace_or_tab_as_delimiter", "1"}});
    // Both ends of lines are read then; as a part of a text a carriage return is escaped.
    if (family == "tsv") settings.emplace_back("input_format_tsv_crlf_end_of_line", "1");
  }
  return settings;
}

std::string file_function(const SourceFile& file, const FileFormat& format, std::size_t field_count) {
  std::string name = format.name, structure = "auto", texts;
  // The engine takes blanks away from the end of a column's bytes where a field is empty, and with them those
  // that a text in quotes of an earlier row ends in, whose length is wrong then. Each value of LowCardinality
  // has bytes of its own; it is read slower.
  const bool are_apart = format.is_csv() && format.may_quote_last_blanks;
  if (format.kind == FormatKind::kDelimited) {
    name = name.substr(0, 3);  // The header is passed over as a line, so that rows longer than it are seen.
    structure.clear();
    for (std::size_t i = 1; i <= field_count + 1; ++i) {
      const std::string separator = i == 1 ? "" : ", ", column = "`optiinfra:" + std::to_string(i) + "`";
      structure +=
          separator + column + (are_apart ? " LowCardinality(Nullable(String))" : " Nullable(String)");
      texts += separator + "CAST(" + column + ", 'Nullable(String)') AS " + column;
    }
  } else if (format.kind == FormatKind::kJsonLines) {
    name = format.is_json_over_lines ? "JSONAsString" : "LineAsString";
    structure = "`optiinfra:line` String";
  }
  const std::string file_text = "file(" + sql_literal(file.engine_path()) + ", " + sql_literal(name) + ", " +
                                sql_literal(structure) + ", " + sql_literal(format.compression) + ")";
  if (are_apart) return "(SELECT " + texts + " FROM " + file_text + ")";
  if (format.name != "JSONEachRow") return file_text;
  std::string line = "`optiinfra:line`";
  if (name == "LineAsString" && format.begins_with_mark)
    line = "if(startsWith(" + line + ", '\\xEF\\xBB\\xBF'), substring(" + line + ", 4), " + line + ")";
  // Python writes NaN and Infinity, which JSON has not. Texts, which may contain the words, are left as they
  // are: a line is taken apart into them and what stands between.
  constexpr const char* kWithNulls =
      R"(arrayStringConcat(arrayMap(part -> if(startsWith(part, '"'), part, replaceRegexpAll(part, '([:\\[,]\\s*)-?(NaN|Infinity)\\b', '\\1null')), extractAll(line, '"(?:[^"\\\\]|\\\\.)*"|[^"]+|"'))))";
  return "(SELECT if(multiSearchAny(line, ['NaN', 'Infinity']) AND NOT isValidJSON(line), " +
         std::string(kWithNulls) + ", line) AS `optiinfra:line` FROM (SELECT " + line + " AS line FROM " +
         file_text + "))";
}

Result<std::vector<std::string>> read_column_names(Session& session, const SourceFile& file,
                                                   const FileFormat& format) {
  std::vector<std::string> names;
  if (format.kind == FormatKind::kJsonLines) {
    auto rows = query_texts(
        session, {.sql = "SELECT arrayJoin(groupUniqArrayArray(" + std::to_string(kJsonKeysMax) +
                         ")(JSONExtractKeys(line))) FROM (SELECT `optiinfra:line` AS line FROM " +
                         file_function(file, format, 0) + " LIMIT " + std::to_string(kNamesSampleRows) + ")",
                  .settings = reading_settings(format),
                  .timeout = kReadTimeout});
    if (!rows) return unreadable(file, format, rows.error());
    for (auto& row : *rows) names.push_back(std::move(row[0]));
    return names;
  }
  auto columns = format.kind == FormatKind::kDelimited ? read_header(session, file, format)
                                                       : describe(session, file, format);
  if (!columns) return unreadable(file, format, columns.error());
  for (SourceColumn& column : *columns) names.push_back(std::move(column.name));
  return names;
}

std::vector<SourceColumn> stated_source_columns(const FileFormat& format, const ImportMap& map,
                                                const std::vector<std::string>& names) {
  std::vector<SourceColumn> columns;
  for (const std::string& name : names) columns.push_back({name, "String"});
  apply_stated_types(columns, format, map);
  return columns;
}

Result<std::vector<SourceColumn>> read_source_columns(Session& session, const SourceFile& file,
                                                      const FileFormat& format, const ImportMap& map,
                                                      const Survey& survey) {
  OPTIINFRA_TRY(std::vector<SourceColumn> columns,
                format.kind == FormatKind::kJsonLines ? json_columns(session, file, format, map, survey.keys)
                : format.kind == FormatKind::kDelimited ? describe_delimited(session, file, format)
                                                        : describe(session, file, format));
  OPTIINFRA_CHECK(expect_distinct(file, columns));
  apply_stated_types(columns, format, map);
  return columns;
}

}  // namespace optiinfra
