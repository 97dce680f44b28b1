#include "source_columns.hpp"

#include <algorithm>

#include "conversion.hpp"
#include "nearest.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"
#include "sql.hpp"
#include "zstd_frames.hpp"

namespace optiinfra {
namespace {

/// JSON lines whose keys are looked at.
constexpr int kSampleRows = 10'000;

Error unreadable(const SourceFile& file, const FileFormat& format, const Error& error) {
  Error result = error;
  if (result.kind == ErrorKind::kRejected) result.kind = ErrorKind::kInvalidArgument;
  result.message = file.path().string() + " cannot be read as " + format.name +
                   (format.compression == "none" ? "" : " in " + format.compression) + ": " +
                   short_engine_message(error.message);
  return result;
}

std::string file_as(const SourceFile& file, const FileFormat& format, std::string_view name) {
  return "file(" + sql_literal(file.engine_path()) + ", " + sql_literal(name) + ", 'auto', " +
         sql_literal(format.compression) + ")";
}

/// The header alone, for a file that has nothing else.
Result<std::vector<SourceColumn>> read_header(Transport& transport, const SourceFile& file,
                                              const FileFormat& format) {
  const std::string name = format.name.substr(0, 3);
  auto settings = reading_settings(format);
  settings.emplace_back(name == "CSV" ? "input_format_csv_detect_header" : "input_format_tsv_detect_header",
                        "0");
  settings.emplace_back("input_format_max_rows_to_read_for_schema_inference", "1");
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(transport, {.sql = "SELECT arrayJoin(arrayMap(x -> ifNull(x, ''), "
                                     "[COLUMNS('.*')]::Array(Nullable(String)))) FROM (SELECT * FROM " +
                                     file_as(file, format, name) + " LIMIT 1)",
                              .settings = settings}));
  std::vector<SourceColumn> columns;
  for (const auto& row : rows) columns.push_back({row[0], "String"});
  return columns;
}

Result<std::vector<SourceColumn>> describe(Transport& transport, const SourceFile& file,
                                           const FileFormat& format) {
  auto rows = query_texts(transport, {.sql = "DESCRIBE TABLE " + file_as(file, format, format.name),
                                      .settings = reading_settings(format),
                                      .timeout = kReadTimeout});
  if (!rows && format.kind == FormatKind::kDelimited) {
    if (auto header = read_header(transport, file, format)) return header;
  }
  if (!rows) return unreadable(file, format, rows.error());
  std::vector<SourceColumn> columns;
  for (auto& row : *rows) columns.push_back({std::move(row[0]), std::move(row[1])});
  return columns;
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

Result<std::vector<SourceColumn>> sample_json(Transport& transport, const SourceFile& file,
                                              const FileFormat& format) {
  const std::string sql =
      "SELECT toString(key), arrayStringConcat(groupUniqArrayIf(toString(type), type != 'Null'), ' ') FROM "
      "(SELECT `optiinfra:line` AS line, JSONExtractKeys(line) AS keys FROM " +
      file_function(file, format, 0) + " LIMIT " + std::to_string(kSampleRows) +
      ") ARRAY JOIN keys AS key, arrayMap(k -> JSONType(line, k), keys) AS type GROUP BY key ORDER BY key";
  auto rows =
      query_texts(transport, {.sql = sql, .settings = reading_settings(format), .timeout = kReadTimeout});
  if (!rows) return unreadable(file, format, rows.error());
  std::vector<SourceColumn> columns;
  for (auto& row : *rows) {
    std::vector<std::string> types;
    for (std::string_view rest = row[1]; !rest.empty();) {
      types.emplace_back(rest.substr(0, rest.find(' ')));
      rest.remove_prefix(std::min(types.back().size() + 1, rest.size()));
    }
    columns.push_back({std::move(row[0]), std::string(type_of_json(types))});
  }
  return columns;
}

void apply_stated_types(std::vector<SourceColumn>& columns, const ImportMap& map, bool may_add) {
  for (const auto& [name, type] : map.source) {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const SourceColumn& column) { return column.name == name; });
    if (found != columns.end()) {
      found->type = type;
    } else if (may_add) {
      columns.push_back({name, type});
    }
  }
}

Result<void> expect_distinct(const SourceFile& file, const std::vector<SourceColumn>& columns) {
  std::vector<std::string> names;
  for (const SourceColumn& column : columns) names.push_back(column.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return {};
  return Error{ErrorKind::kInvalidArgument,
               file.path().string() + ": two columns have the name '" + shown(*twice) + "'"};
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
      {"output_format_json_named_tuples_as_objects", "0"},
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
  }
  return settings;
}

std::string file_function(const SourceFile& file, const FileFormat& format, std::size_t field_count) {
  std::string name = format.name, structure = "auto";
  if (format.kind == FormatKind::kDelimited) {
    name = name.substr(0, 3);  // The header is passed over as a line, so that rows longer than it are seen.
    structure.clear();
    for (std::size_t i = 1; i <= field_count + 1; ++i) {
      structure += (i == 1 ? "`optiinfra:" : ", `optiinfra:") + std::to_string(i) + "` Nullable(String)";
    }
  } else if (format.kind == FormatKind::kJsonLines) {
    name = "LineAsString", structure = "`optiinfra:line` String";
  }
  return "file(" + sql_literal(file.engine_path()) + ", " + sql_literal(name) + ", " +
         sql_literal(structure) + ", " + sql_literal(format.compression) + ")";
}

Result<std::vector<SourceColumn>> read_source_columns(Transport& transport, const SourceFile& file,
                                                      const FileFormat& format, const ImportMap& map) {
  const bool is_json = format.kind == FormatKind::kJsonLines;
  OPTIINFRA_TRY(std::vector<SourceColumn> columns,
                is_json ? sample_json(transport, file, format) : describe(transport, file, format));
  OPTIINFRA_CHECK(expect_distinct(file, columns));
  if (format.kind == FormatKind::kDelimited) {
    for (SourceColumn& column : columns) column.type = source_type_of(column.type);
  }
  if (format.kind != FormatKind::kTyped) apply_stated_types(columns, map, is_json);
  return columns;
}

Result<Survey> survey(Transport& transport, const SourceFile& file, const FileFormat& format) {
  if (format.compression == "zstd") {
    auto whole = expect_whole_zstd(
        file.size_bytes(),
        [&file](std::uint64_t offset, std::span<unsigned char> into) { return file.read_at(offset, into); });
    if (!whole) return unreadable(file, format, whole.error());
  }
  const bool is_text = format.kind != FormatKind::kTyped;
  const FileFormat lines{"LineAsString", FormatKind::kJsonLines, format.compression};
  const std::string sql = is_text
                              ? "SELECT toString(count()), "
                                "toString(countIf(countSubstrings(`optiinfra:line`, '\"') % 2 = 1)) FROM " +
                                    file_function(file, lines, 0)
                              : "SELECT toString(count()), '0' FROM " + file_function(file, format, 0);
  auto rows =
      query_texts(transport, {.sql = sql, .settings = reading_settings(format), .timeout = kReadTimeout});
  if (!rows) return unreadable(file, format, rows.error());
  const std::uint64_t count = std::stoull(rows->at(0)[0]);
  const std::uint64_t header = format.kind == FormatKind::kDelimited && count > 0 ? 1 : 0;
  return Survey{count - header, format.kind != FormatKind::kDelimited || rows->at(0)[1] == "0"};
}

}  // namespace optiinfra
