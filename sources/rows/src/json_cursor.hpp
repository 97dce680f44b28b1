/// Reads JSON from left to right, one value at a time: it builds no document and does not recurse.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "token.hpp"

namespace optiinfra::rows {

/// Every call skips white space first. After a call that has failed, error() says why and offset() where; the
/// cursor is of no use then.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) noexcept
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  /// The next character; '\0' at the end.
  char peek() noexcept;
  bool at_end() noexcept;

  /// Steps over `c` if it comes next.
  bool take(char c) noexcept;

  /// Like take(), but its absence is the error `what`.
  bool expect(char c, const char* what) noexcept;

  /// Steps over the key `name`, with its quotes and its colon, if exactly that comes next.
  bool take_key(std::string_view name) noexcept;

  /// Any key and its colon. `name` lies in the text, or in `unescaped` where it has escapes.
  bool read_key(std::string_view& name, std::string& unescaped);

  /// Reads any value. An array or an object is skipped, and the token only says that it is one. The text of a
  /// token is stored as that of read_key().
  bool read_value(Token& token, std::string& unescaped);

  bool fail(const char* what) noexcept;
  const char* error() const noexcept { return error_; }
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  void skip_space() noexcept {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool read_scalar(Token& token, std::string& unescaped);
  bool read_text(std::string_view& text, std::string& unescaped);
  bool read_word(std::string_view word, Token::Kind kind, Token& token) noexcept;
  bool read_number(Token& token) noexcept;
  bool skip_nested();

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* error_ = nullptr;
};

// Here, because they run for every character between two values.

inline bool JsonCursor::at_end() noexcept {
  skip_space();
  return at_ == end_;
}

inline char JsonCursor::peek() noexcept {
  skip_space();
  return at_ < end_ ? *at_ : '\0';
}

inline bool JsonCursor::take(char c) noexcept {
  skip_space();
  if (at_ == end_ || *at_ != c) return false;
  ++at_;
  return true;
}

inline bool JsonCursor::expect(char c, const char* what) noexcept { return take(c) || fail(what); }

inline bool JsonCursor::take_key(std::string_view name) noexcept {
  skip_space();
  const std::size_t length = name.size() + 3;
  if (static_cast<std::size_t>(end_ - at_) < length || at_[0] != '"' || at_[length - 2] != '"' ||
      at_[length - 1] != ':' || std::memcmp(at_ + 1, name.data(), name.size()) != 0)
    return false;
  at_ += length;
  return true;
}

}  // namespace optiinfra::rows
