/// JSON from left to right, one value at a time: no document is built and nothing is recursive.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "token.hpp"

namespace optiinfra {

/// Every call skips white space first. After a call that has failed, error() says why and offset() where; the
/// cursor is of no use then.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) noexcept
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  /// The next character; '\0' at the end.
  char peek() noexcept;
  bool at_end() noexcept;

  /// Steps over `c` where it comes next.
  bool take(char c) noexcept;

  /// As take(), and its absence is the error `what`.
  bool expect(char c, const char* what) noexcept;

  /// Steps over the key `name`, quotes and colon included, where it comes next just so.
  bool take_key(std::string_view name) noexcept;

  /// Any key and its colon. `name` lies in the text, or in `unescaped` where it has escapes.
  bool read_key(std::string_view& name, std::string& unescaped);

  /// Any value; of an array or an object, which is read past, only that it is one. A text lies where
  /// read_key()'s does.
  bool read_value(Token& token, std::string& unescaped);

  bool fail(const char* what) noexcept;
  const char* error() const noexcept { return error_; }
  std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

 private:
  void skip_space() noexcept;
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

}  // namespace optiinfra
