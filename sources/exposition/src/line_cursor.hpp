// One line of a metrics text, taken apart from left to right.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra::exposition {

constexpr bool is_blank(char letter) { return letter == ' ' || letter == '\t'; }

constexpr bool is_name_begin(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

constexpr bool is_name_letter(char letter) {
  return is_name_begin(letter) || (letter >= '0' && letter <= '9');
}

/// [a-zA-Z_:][a-zA-Z0-9_:]*
bool is_metric_name(std::string_view text);
/// [a-zA-Z_][a-zA-Z0-9_]*
bool is_label_name(std::string_view text);

class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool at_end() const { return at_ == end_; }
  char peek() const { return at_ == end_ ? '\0' : *at_; }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  bool take(char letter) {
    if (at_ == end_ || *at_ != letter) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }
  /// How many blanks were passed.
  std::size_t take_blanks() {
    const char* const begin = at_;
    while (at_ != end_ && is_blank(*at_)) ++at_;
    return static_cast<std::size_t>(at_ - begin);
  }
  std::string_view take_name(bool may_have_colon) {
    const char* const begin = at_;
    if (at_ == end_ || !(is_name_begin(*at_) || (may_have_colon && *at_ == ':'))) return {};
    while (at_ != end_ && (is_name_letter(*at_) || (may_have_colon && *at_ == ':'))) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  /// Up to a blank or the end.
  std::string_view take_word() {
    const char* const begin = at_;
    while (at_ != end_ && !is_blank(*at_)) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  /// After the opening quote: the text up to the closing one, which is passed. Escapes are resolved into
  /// `unescaped`, whose capacity must hold the rest of the line. Returns why not, or nullptr.
  const char* take_quoted(std::string& unescaped, std::string_view& text);

 private:
  const char* at_;
  const char* end_;
};

}  // namespace optiinfra::exposition
