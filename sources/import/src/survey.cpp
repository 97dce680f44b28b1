#include "survey.hpp"

#include <algorithm>
#include <optional>

#include "csv_quotes.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "source_columns.hpp"
#include "zstd_frames.hpp"

namespace optiinfra {
namespace {

Result<std::vector<std::vector<std::string>>> ask(Session& session, const SourceFile& file,
                                                  const FileFormat& format, const std::string& sql) {
  auto rows =
      query_texts(session, {.sql = sql, .settings = reading_settings(format), .timeout = kReadTimeout});
  if (!rows) return unreadable(file, format, rows.error());
  return rows;
}

/// The number of the first line that is not UTF-8, and its first 80 bytes; "0" and nothing without one.
constexpr const char* kNotUtf8 =
    ", toString(minIf(rowNumberInAllBlocks() + 1, NOT isValidUTF8(`optiinfra:line`))), "
    "toValidUTF8(substring(argMinIf(`optiinfra:line`, rowNumberInAllBlocks(), NOT "
    "isValidUTF8(`optiinfra:line`)), 1, 80))";

Result<void> expect_utf8(const SourceFile& file, const std::string& line, const std::string& text) {
  if (line == "0") return {};
  return invalid_argument(
      file.path().string() + ", line " + line + ": is not UTF-8 (\"" + shown(text) +
      "\"). Text of older Windows programs is Windows-1252, of which Latin-1 is a part: state encoding = "
      "\"windows-1252\" in a map, or convert the file: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW_FILE");
}

/// The number of objects, and then their keys.
Result<Survey> survey_json(Session& session, const SourceFile& file, const FileFormat& format) {
  OPTIINFRA_TRY(auto rows,
                ask(session, file, format,
                    "SELECT arrayJoin(arrayConcat([toString(count())], arraySort(arrayMap(k -> "
                    "toString(k), groupUniqArrayArray(" +
                        std::to_string(kJsonKeysMax) + ")(JSONExtractKeys(`optiinfra:line`)))))) FROM " +
                        file_function(file, format, 0)));
  Survey found;
  found.rows = std::stoull(rows.at(0)[0]);
  for (std::size_t i = 1; i < rows.size(); ++i) found.keys.push_back(std::move(rows[i][0]));
  return found;
}

Result<Survey> survey_typed(Session& session, const SourceFile& file, const FileFormat& format) {
  OPTIINFRA_TRY(const auto rows, ask(session, file, format,
                                     "SELECT toString(count()) FROM " + file_function(file, format, 0)));
  Survey found;
  found.rows = std::stoull(rows.at(0)[0]);
  return found;
}

std::string lines_of(const SourceFile& file, const FileFormat& format) {
  return file_function(
      file, {.name = "LineAsString", .kind = FormatKind::kJsonLines, .compression = format.compression}, 0);
}

Result<CsvQuotes> check_quotes(Session& session, const SourceFile& file, const FileFormat& format) {
  const Statement statement{
      .sql =
          "SELECT number, line FROM (SELECT rowNumberInAllBlocks() + 1 AS number, `optiinfra:line` AS "
          "line FROM " +
          lines_of(file, format) + ") WHERE number > 1 AND position(line, '\"') > 0",
      .settings = reading_settings(format),
      .timeout = kReadTimeout};
  CsvQuotes quotes(format.delimiter);
  std::optional<std::string> fault;
  const auto read = session.query(statement, [&](const Block& block) {
    const auto* numbers = block.values<std::vector<std::uint64_t>>(0);
    const auto* lines = block.values<Strings>(1);
    for (std::size_t i = 0; numbers != nullptr && lines != nullptr && i < numbers->size() && !fault; ++i) {
      if (auto wrong = quotes.take((*numbers)[i], (*lines)[i]))
        fault = "line " + std::to_string((*numbers)[i]) + ": " + *wrong;
    }
    return !fault.has_value();
  });
  if (!read) return unreadable(file, format, read.error());
  if (!fault) fault = quotes.finish();
  if (fault) return invalid_argument(file.path().string() + ", " + *fault);
  return quotes;
}

Result<Survey> survey_delimited(Session& session, const SourceFile& file, const FileFormat& format) {
  OPTIINFRA_TRY(const auto rows,
                ask(session, file, format,
                    "SELECT toString(count()), toString(countIf(position(`optiinfra:line`, '\"') > 0)), "
                    "toString(countIf(position(`optiinfra:line`, ',') > 0))" +
                        std::string(kNotUtf8) + " FROM " + lines_of(file, format)));
  OPTIINFRA_CHECK(expect_utf8(file, rows.at(0)[3], rows.at(0)[4]));
  const std::uint64_t lines = std::stoull(rows.at(0)[0]);
  Survey found;
  found.rows = lines - std::min<std::uint64_t>(lines, format.lines_above_header + 1);
  found.has_commas = rows.at(0)[2] != "0";
  // Quotes mean nothing in TSV, and line breaks are written in another way there.
  if (format.name.starts_with("CSV") && rows.at(0)[1] != "0") {
    OPTIINFRA_TRY(const CsvQuotes quotes, check_quotes(session, file, format));
    found.lines_are_rows = !quotes.spans_lines();
    found.quotes_last_blanks = quotes.quotes_last_blanks();
  }
  return found;
}

}  // namespace

Result<Survey> survey(Session& session, const SourceFile& file, const FileFormat& format) {
  switch (format.kind) {
    case FormatKind::kJsonLines:
      return survey_json(session, file, format);
    case FormatKind::kDelimited:
      return survey_delimited(session, file, format);
    case FormatKind::kTyped:
      break;
  }
  return survey_typed(session, file, format);
}

Result<void> expect_whole(const SourceFile& file, const FileFormat& format) {
  if (format.compression != "zstd") return {};
  auto whole = expect_whole_zstd(
      file.size_bytes(),
      [&file](std::uint64_t offset, std::span<unsigned char> into) { return file.read_at(offset, into); });
  if (!whole) return unreadable(file, format, whole.error());
  return {};
}

}  // namespace optiinfra
