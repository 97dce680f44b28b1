/// @file optiinfra/report/result_stream.hpp
/// Writes the answer of any SQL, row by row, as JSON or CSV.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::report {

/// Receives an answer. Texts are JSON values as the engine writes them.
class ResultWriter {
 public:
  virtual ~ResultWriter() = default;
  virtual Result<void> begin(const std::vector<std::string>& names,
                             const std::vector<std::string>& types) = 0;
  /// `row` is a JSON array with a value for each name.
  virtual Result<void> row(std::string_view row) = 0;
  virtual Result<void> end(double elapsed_ms) = 0;
};

/// Takes the next piece of text.
using TextOutput = std::function<Result<void>(std::string_view)>;

std::unique_ptr<ResultWriter> make_json_writer(TextOutput output, std::string command);
std::unique_ptr<ResultWriter> make_csv_writer(TextOutput output);

/// The values of a row that a ResultWriter is given, as plain text; nothing for null.
/// Errors: kInvalidArgument for text that is not an array.
Result<std::vector<std::optional<std::string>>> parse_row(std::string_view row);

/// Reads the engine's JSONCompactEachRowWithNamesAndTypes in pieces of any size. The two heading lines may
/// repeat at the start of a piece, because the embedded engine sends them with each block.
class ResultReader {
 public:
  explicit ResultReader(ResultWriter& writer) : writer_(writer) {}

  Result<void> take(std::string_view piece);

  /// Handles the last line, and writes headings for an empty answer. Call it once, when the answer is
  /// complete.
  Result<void> finish(double elapsed_ms);

 private:
  Result<void> take_line(std::string_view line, bool starts_piece);

  ResultWriter& writer_;
  std::string rest_;
  std::string names_line_;
  std::string types_line_;
  std::string held_;  ///< A line that equals the names, until the next one tells whether it is a heading.
};

}  // namespace optiinfra::report
