/// One value as it is in a body, before a column's type is known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace optiinfra::rows {

struct Token {
  enum class Kind : std::uint8_t { kNull, kFalse, kTrue, kNumber, kText, kNested };
  Kind kind = Kind::kNull;
  /// A number's or a text's characters, without quotes and escapes. Of a number, JSON's grammar holds.
  std::string_view text;
};

/// Whether `text` is a number by JSON's grammar.
bool is_number(std::string_view text) noexcept;

/// The length of the number at the beginning of `text`; 0 when there is none.
std::size_t number_length(std::string_view text) noexcept;

/// The token for a message: short, in UTF-8, on one line.
std::string shown_token(const Token& token);

/// `text` for a message: its first bytes, `bytes_max` of them and at least 4, with '?' for everything that is
/// not printable UTF-8.
std::string shown_text(std::string_view text, std::size_t bytes_max = 80);

}  // namespace optiinfra::rows
