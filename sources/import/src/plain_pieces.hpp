/// Cuts a text file into pieces of whole rows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "optiinfra/rows/decode.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// Of CSV each piece begins with the header line. Where the reading query sees a row or an end of a line that
/// the API's reader does not (blank lines, carriage returns alone), the file is not plain.
class PlainPieces {
 public:
  /// The file must live longer.
  PlainPieces(const SourceFile& file, rows::RowFormat format) : file_(file), format_(format) {}

  /// Puts the next piece in place of `piece`; false at the end of the file, and where it is found not to be
  /// plain. Errors: kStorage.
  Result<bool> next(std::string& piece);

  bool is_plain() const noexcept { return is_plain_; }

  /// For rows that are found not to be plain after next().
  void refuse() noexcept { is_plain_ = false; }

 private:
  bool take_header();
  bool has_plain_lines(std::string_view text) const;
  std::size_t end_of_rows() const;

  const SourceFile& file_;
  const rows::RowFormat format_;
  std::uint64_t offset_ = 0;  ///< Of the byte after buffer_.
  std::string buffer_;        ///< Begins with a row.
  std::string header_;
  bool has_begun_ = false;
  bool is_plain_ = true;
};

/// The lines of a text that is UTF-8 and has no quote, in which no fault of the whole file can be;
/// nothing otherwise. `on_wait` is called for each piece. Errors: kStorage.
Result<std::optional<std::uint64_t>> count_lines_without_quotes(const SourceFile& file,
                                                                const std::function<void()>& on_wait);

}  // namespace optiinfra
