/// Checks that the quotes of a CSV file pair up, line by line and as the engine pairs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace optiinfra {

/// The engine reads fields with quotes itself, but it finds a wrong quote only after it has stored the rows
/// before, and it takes everything after a quote that is never closed for one field.
///
/// Lines come in order, without their line feed. Those without a quote may be left out.
/// It does not see what a carriage return without a line feed does next to a quote: the engine takes some for
/// the end of a line.
class CsvQuotes {
 public:
  explicit CsvQuotes(char delimiter = ',') : delimiter_(delimiter) {}

  /// What is wrong with the line, in words that follow "line 7: "; nothing when all is well so far.
  std::optional<std::string> take(std::uint64_t number, std::string_view line);

  /// What is wrong at the end of the file, naming its line.
  std::optional<std::string> finish() const;

  /// Whether a field has had a line break in it.
  bool spans_lines() const noexcept { return spans_lines_; }

  /// Whether a text in quotes has ended in a space or a tab.
  bool quotes_last_blanks() const noexcept { return quotes_last_blanks_; }

 private:
  void skip_blanks(std::string_view& rest) const;
  bool close(std::string_view& rest);

  char delimiter_;
  bool is_open_ = false;
  std::uint64_t opened_at_ = 0;
  bool spans_lines_ = false;
  bool quotes_last_blanks_ = false;
};

}  // namespace optiinfra
