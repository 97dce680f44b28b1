/// @file optiinfra/core/csv_reader.hpp
/// Small CSV files that people write: names, prices. (Rows of metrics are read by the engine.)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Reads RFC 4180, one record after the other; a byte order mark at the start is skipped. The text must
/// outlive the reader. Threads: one at a time.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  bool at_end() const noexcept { return rest_.empty(); }

  /// The line on which the latest record began, from 1.
  std::size_t line() const noexcept { return line_; }

  /// The cells of the next record; an empty line is one empty cell.
  /// Errors: kInvalidArgument, naming the line, for quotes that do not close or are followed by text.
  Result<std::vector<std::string>> record();

  /// "line 7 <what>".
  Error refuse(const std::string& what) const;

 private:
  bool take(char wanted);
  Result<std::string> read_cell();

  std::string_view rest_;
  std::size_t line_ = 1, next_line_ = 1;
};

}  // namespace optiinfra
