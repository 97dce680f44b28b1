#include "json_cursor.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "optiinfra/core/utf8.hpp"
#include "optiinfra/rows/decode.hpp"

namespace optiinfra::rows {
namespace {

/// The first quote, backslash or control character.
const char* find_special(const char* at, const char* end) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101, kHighs = 0x8080'8080'8080'8080;
  static_assert(std::endian::native == std::endian::little, "the first character is in the lowest byte");
  const auto below = [](std::uint64_t word, std::uint64_t limit) {
    return (word - kOnes * limit) & ~word & kHighs;
  };
  for (std::uint64_t word = 0; end - at >= std::ptrdiff_t{sizeof word}; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    // A byte that is wrongly taken for special comes after one that is special.
    const std::uint64_t found =
        below(word, 0x20) | below(word ^ kOnes * '"', 1) | below(word ^ kOnes * '\\', 1);
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
  while (at < end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

/// Four hexadecimal digits, or -1.
int read_hex(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// The character that an escape of one letter stands for; '\0' where there is none.
char simple_escape(char letter) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  const std::size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? '\0' : kMeant[at];
}

/// Reads the escape of a code point whose "\u" stands before `text`, and steps over it.
bool unescape_letter(std::string_view& text, std::string& into) {
  int letter = read_hex(text);
  if (letter < 0 || (letter >= 0xDC00 && letter <= 0xDFFF)) return false;
  text.remove_prefix(4);
  if (letter >= 0xD800 && letter <= 0xDBFF) {
    const int low = text.starts_with("\\u") ? read_hex(text.substr(2)) : -1;
    if (low < 0xDC00 || low > 0xDFFF) return false;
    text.remove_prefix(6);
    letter = 0x1'0000 + ((letter - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(static_cast<char32_t>(letter), into);
  return true;
}

bool unescape(std::string_view raw, std::string& into) {
  into.clear();
  while (true) {
    const std::size_t plain = raw.find('\\');
    into.append(raw.substr(0, plain));
    if (plain == std::string_view::npos) return true;
    const char letter = raw[plain + 1];
    raw.remove_prefix(plain + 2);
    if (letter == 'u') {
      if (!unescape_letter(raw, into)) return false;
      continue;
    }
    const char meant = simple_escape(letter);
    if (meant == '\0') return false;
    into += meant;
  }
}

}  // namespace

bool JsonCursor::fail(const char* what) noexcept {
  error_ = what;
  return false;
}

bool JsonCursor::read_key(std::string_view& name, std::string& unescaped) {
  if (peek() != '"') return fail("expected a key in quotes");
  return read_text(name, unescaped) && expect(':', "expected ':' after a key");
}

bool JsonCursor::read_value(Token& token, std::string& unescaped) {
  const char first = peek();
  if (first != '{' && first != '[') return read_scalar(token, unescaped);
  token = {Token::Kind::kNested, {}};
  return skip_nested();
}

bool JsonCursor::read_scalar(Token& token, std::string& unescaped) {
  switch (peek()) {
    case '"':
      token.kind = Token::Kind::kText;
      return read_text(token.text, unescaped);
    case 't':
      return read_word("true", Token::Kind::kTrue, token);
    case 'f':
      return read_word("false", Token::Kind::kFalse, token);
    case 'n':
      return read_word("null", Token::Kind::kNull, token);
    default:
      return read_number(token);
  }
}

bool JsonCursor::read_text(std::string_view& text, std::string& unescaped) {
  const char* const begin = at_ + 1;
  bool has_escapes = false;
  for (const char* at = begin;;) {
    at = find_special(at, end_);
    if (end_ - at < (at < end_ && *at == '\\' ? 2 : 1)) return fail("a text whose closing quote is missing");
    if (*at == '\\') {
      has_escapes = true;
      at += 2;
      continue;
    }
    if (*at != '"') {
      at_ = at;
      return fail("a control character in a text; escape it");
    }
    text = {begin, static_cast<std::size_t>(at - begin)};
    if (has_escapes) {
      if (!unescape(text, unescaped)) return fail("a text with an escape that JSON does not have");
      text = unescaped;
    }
    at_ = at + 1;
    return true;
  }
}

bool JsonCursor::read_word(std::string_view word, Token::Kind kind, Token& token) noexcept {
  if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word))
    return fail("expected a value");
  at_ += word.size();
  token = {kind, {}};
  return true;
}

bool JsonCursor::read_number(Token& token) noexcept {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  const std::size_t length = number_length(rest);
  if (length == 0) return fail("expected a value");
  token = {Token::Kind::kNumber, rest.substr(0, length)};
  at_ += length;
  return true;
}

bool JsonCursor::skip_nested() {
  std::uint64_t objects = 0;  // A bit for each level, the innermost lowest: whether it is an object.
  static_assert(kJsonDepthMax <= 64);
  unsigned depth = 0;
  std::string_view name;
  std::string unescaped;
  Token token;
  const auto is_object = [&] { return (objects & 1) != 0; };
  const auto close = [&] {
    objects >>= 1;
    --depth;
  };
  while (true) {
    const bool opens_object = take('{');
    if (opens_object || take('[')) {
      if (depth++ == kJsonDepthMax) return fail("arrays and objects nested deeper than 64 levels");
      objects = objects << 1 | (opens_object ? 1 : 0);
      if (!take(opens_object ? '}' : ']')) {
        if (opens_object && !read_key(name, unescaped)) return false;
        continue;
      }
      close();
    } else if (!read_scalar(token, unescaped)) {
      return false;
    }
    while (depth > 0 && !take(',')) {
      if (!expect(is_object() ? '}' : ']', is_object() ? "expected ',' or '}'" : "expected ',' or ']'"))
        return false;
      close();
    }
    if (depth == 0) return true;
    if (is_object() && !read_key(name, unescaped)) return false;
  }
}

}  // namespace optiinfra::rows
