#include "token.hpp"

#include "optiinfra/core/utf8.hpp"

namespace optiinfra::rows {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_digit(text[length])) ++length;
  return length;
}

std::string cut_between_letters(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  const auto is_tail = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  while (end > bytes_max - 4 && is_tail(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

std::size_t number_length(std::string_view text) noexcept {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = digits_length(text.substr(at));
  if (whole == 0 || (text[at] == '0' && whole > 1)) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_length(text.substr(at + 1));
    if (fraction == 0) return 0;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits_length(text.substr(at));
    if (exponent == 0) return 0;
    at += exponent;
  }
  return at;
}

bool is_number(std::string_view text) noexcept { return !text.empty() && number_length(text) == text.size(); }

std::string shown_text(std::string_view text, std::size_t bytes_max) {
  std::string shown = cut_between_letters(text, bytes_max);
  const bool is_good = is_utf8(shown);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_good)) c = '?';
  }
  return shown;
}

std::string shown_token(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kNull:
      return "null";
    case Token::Kind::kFalse:
      return "false";
    case Token::Kind::kTrue:
      return "true";
    case Token::Kind::kNumber:
      return shown_text(token.text);
    case Token::Kind::kText:
      return "'" + shown_text(token.text) + "'";
    case Token::Kind::kNested:
      return "an array or object";
  }
  return "";
}

}  // namespace optiinfra::rows
