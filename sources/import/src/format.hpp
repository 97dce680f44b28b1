/// Which of the engine's formats a file is in, by its name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// How the rows of a format are read.
enum class FormatKind {
  kDelimited,  ///< Text in columns under a header: every field is read as text, so that a bad one costs its
               ///< row only.
  kJsonLines,  ///< JSON objects, one a line or the elements of an array, each parsed by itself.
  kTyped,      ///< Columns with types of their own.
};

/// What the bytes of a text stand for. UTF-16 is known by its bytes.
enum class TextEncoding { kUtf8, kWindows1252 };

/// How a map says that a text file is written.
struct TextForm {
  char delimiter = 0;  ///< 0: as the header shows, or as the format has it.
  char decimal = 0;    ///< ',' or '.'; 0: as the numbers show.
  TextEncoding encoding = TextEncoding::kUtf8;
};

struct FileFormat {
  std::string name;  ///< The engine's: "CSVWithNames".
  FormatKind kind = FormatKind::kTyped;
  std::string compression;  ///< The engine's: "none", "gzip", "zstd", "xz".
  /// Whether damage can end the process that reads it: then a process of its own does (separate_reader.hpp).
  bool is_read_apart = false;

  /// What settle_text_form() finds in the content of a text file.
  bool begins_with_mark = false;       ///< The mark of UTF-8.
  bool is_json_over_lines = false;     ///< An array, or objects of several lines.
  std::size_t lines_above_header = 0;  ///< Of delimited text: what a report says of itself before its table.
  /// Between the fields of delimited text. 0 in a CSV whose header has not been looked at.
  char delimiter = 0;
  /// What separates the whole of a number from its fraction where the map states it, or the file is known to
  /// write commas; 0: a point, and commas stand in no number.
  char decimal = 0;
  TextEncoding encoding = TextEncoding::kUtf8;
  /// Whether texts in quotes of a CSV may end in blanks: until survey() has seen that none does.
  bool may_quote_last_blanks = true;

  bool is_csv() const { return kind == FormatKind::kDelimited && name.starts_with("CSV"); }
};

/// What the map states of a text file, given to its format.
void take_text_form(const TextForm& stated, FileFormat& format);

/// The format of `path`: by the ending before that of the compression when that names a typed format, else
/// `name` when it is not empty, else by the ending.
/// Errors: kInvalidArgument that lists what is known.
Result<FileFormat> format_of(const std::filesystem::path& path, std::string_view name);

/// Whether a map may name this format.
Result<void> expect_known_format(std::string_view name);

}  // namespace optiinfra
