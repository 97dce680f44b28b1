#include "text_form.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "optiinfra/transport/sql.hpp"
#include "source_columns.hpp"
#include "utf16.hpp"

namespace optiinfra {
namespace {

/// Enough for the first two lines of any JSON that is printed for people, and for the header of most tables.
constexpr std::size_t kHeadBytes = 16 << 10;
constexpr std::size_t kCopyBufferBytes = 1 << 20;

/// The file's bytes as the engine decompresses them, until `on_bytes` returns false.
Result<void> read_bytes(Session& session, const SourceFile& file, const FileFormat& format,
                        const std::string& limit,
                        const std::function<bool(const std::vector<std::uint8_t>&)>& on_bytes) {
  const Statement statement{.sql = "SELECT byte FROM file(" + sql_literal(file.engine_path()) +
                                   ", 'RowBinary', 'byte UInt8', " + sql_literal(format.compression) + ")" +
                                   limit,
                            .settings = reading_settings(format),
                            .timeout = kReadTimeout};
  const auto read = session.query(statement, [&](const Block& block) {
    const auto* bytes = block.values<std::vector<std::uint8_t>>(0);
    return bytes == nullptr || on_bytes(*bytes);
  });
  if (!read) return unreadable(file, format, read.error());
  return {};
}

Result<std::string> read_head(Session& session, const SourceFile& file, const FileFormat& format) {
  std::string head;
  OPTIINFRA_CHECK(read_bytes(session, file, format, " LIMIT " + std::to_string(kHeadBytes),
                             [&head](const std::vector<std::uint8_t>& bytes) {
                               head.append(bytes.begin(), bytes.end());
                               return true;
                             }));
  return head;
}

/// A copy of the file's text, of which `convert(bytes, text)` appends what the next bytes say.
template <typename Convert>
Result<SourceFile> copy_of_text(Session& session, const SourceFile& file, const FileFormat& format,
                                const Convert& convert) {
  OPTIINFRA_TRY(SourceFile copy, file.make_copy());
  std::string text;
  Result<void> written;
  OPTIINFRA_CHECK(read_bytes(session, file, format, "", [&](const std::vector<std::uint8_t>& bytes) {
    convert(bytes, text);
    if (text.size() < kCopyBufferBytes) return true;
    written = copy.append(text);
    text.clear();
    return written.has_value();
  }));
  OPTIINFRA_CHECK(std::move(written));
  OPTIINFRA_CHECK(copy.append(text));
  copy.take_size();
  return copy;
}

Result<SourceFile> copy_of_utf16(Session& session, const SourceFile& file, const FileFormat& format,
                                 ByteOrder order) {
  Utf16Reader reader(order);
  OPTIINFRA_TRY(SourceFile copy,
                copy_of_text(session, file, format,
                             [&](const auto& bytes, std::string& text) { reader.append(bytes, text); }));
  if (reader.is_complete()) return copy;
  return invalid_argument(file.path().string() +
                          " cannot be read as UTF-16: it ends in the middle of a letter");
}

/// What the name of a file hides.
Result<void> expect_text(const SourceFile& file, std::string_view head, bool is_compressed) {
  constexpr std::string_view kGzipStart = "\x1F\x8B";
  if (head.starts_with(kZipStart))
    return invalid_argument(
        file.path().string() + " is a zip archive, as workbooks of Excel are too. Of an archive: unzip -p '" +
        file.path().string() + "' | optiinfra import FAMILY -; of a workbook save the sheet as CSV UTF-8");
  if (head.starts_with(kGzipStart) && !is_compressed)
    return invalid_argument(file.path().string() +
                            " is compressed with gzip: its name must end in .gz, or give "
                            "--format, such as csv.gz");
  return {};
}

std::string_view next_line(std::string_view& text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(line.size());
  return line.substr(0, line.find_last_not_of(kBlank) + 1);
}

/// An array, or an object whose first line is no object by itself and whose second begins with a key.
bool is_json_over_lines(std::string_view head) {
  const std::string_view first = next_line(head), second = next_line(head);
  if (first.starts_with('[')) return true;
  if (!first.starts_with('{') || first.ends_with('}')) return false;
  return second.starts_with('"') || second.starts_with('}');
}

/// The fields of each line, and how many of them have a text; of a table that is cut off at its end.
struct LineOfFields {
  std::size_t fields = 1, filled = 0;
};

std::vector<LineOfFields> count_fields(std::string_view text, char separator) {
  std::vector<LineOfFields> lines(1);
  bool is_quoted = false, is_filled = false;
  for (const char c : text) {
    if (c == '"') is_quoted = !is_quoted;
    const bool ends = !is_quoted && (c == separator || c == '\n');
    if (!ends) {
      is_filled = is_filled || (c != ' ' && c != '\r' && c != '"');
      continue;
    }
    lines.back().filled += is_filled ? 1 : 0;
    is_filled = false;
    if (c == '\n') {
      lines.emplace_back();
    } else {
      ++lines.back().fields;
    }
  }
  lines.back().filled += is_filled ? 1 : 0;
  return lines;
}

/// Without the line that is cut off at the end.
std::string_view whole_lines(std::string_view text) {
  const auto end = text.rfind('\n');
  return end == std::string_view::npos ? text : text.substr(0, end);
}

/// Some reports begin with lines such as "Invoice number,123". A header has a field for each column, so lines
/// of at most two texts above one that has as many as the widest, and at least five, are no part of the
/// table.
std::size_t lines_above_header(std::string_view text, char separator) {
  constexpr std::size_t kAboveMax = 50, kFilledMax = 2, kColumnsMin = 5;
  const auto lines = count_fields(text, separator);
  if (lines.front().filled > kFilledMax) return 0;
  std::size_t widest = 0;
  for (const LineOfFields& line : lines) widest = std::max(widest, line.filled);
  for (std::size_t i = 0; i < lines.size() && i <= kAboveMax; ++i) {
    if (lines[i].filled <= kFilledMax) continue;
    return lines[i].filled == widest && widest >= kColumnsMin ? i : 0;
  }
  return 0;
}

}  // namespace

char csv_delimiter(std::string_view head) {
  constexpr std::array kCandidates = {',', ';', '\t'};
  // A row of decimal commas looks like a header below others, so lines above the header come second.
  for (const bool has_lines_above : {false, true}) {
    std::size_t most = 1;
    char best = ',';
    for (const char candidate : kCandidates) {
      const auto lines = count_fields(whole_lines(head), candidate);
      const std::size_t header = has_lines_above ? lines_above_header(head, candidate) : 0;
      if (header >= lines.size() || lines[header].fields <= most) continue;
      const std::size_t fields = lines[header].fields;
      if (header + 1 < lines.size() && lines[header + 1].fields < fields) continue;
      most = fields;
      best = candidate;
    }
    if (most > 1) return best;
  }
  return ',';
}

Result<void> settle_text_form(Session& session, SourceFile& file, FileFormat& format) {
  if (format.kind == FormatKind::kTyped) return {};
  OPTIINFRA_TRY(std::string head, read_head(session, file, format));
  OPTIINFRA_CHECK(expect_text(file, head, format.compression != "none"));
  if (is_utf32(head)) return invalid_argument(file.path().string() + " is UTF-32; write it as UTF-8");
  if (const auto order = utf16_order(head)) {
    OPTIINFRA_TRY(file, copy_of_utf16(session, file, format, *order));
    format.compression = "none";
    OPTIINFRA_TRY(head, read_head(session, file, format));
  } else if (format.encoding == TextEncoding::kWindows1252 && !head.starts_with(kUtf8Mark)) {
    OPTIINFRA_TRY(file, copy_of_text(session, file, format, append_windows_1252));
    format.compression = "none";
    OPTIINFRA_TRY(head, read_head(session, file, format));
  }
  std::string_view text = head;
  format.begins_with_mark = text.starts_with(kUtf8Mark);
  if (format.begins_with_mark) text.remove_prefix(kUtf8Mark.size());
  if (format.delimiter == 0 && format.is_csv()) format.delimiter = csv_delimiter(text);
  if (format.kind == FormatKind::kDelimited)
    format.lines_above_header = lines_above_header(text, format.delimiter);
  if (format.kind == FormatKind::kJsonLines) format.is_json_over_lines = is_json_over_lines(text);
  return {};
}

}  // namespace optiinfra
