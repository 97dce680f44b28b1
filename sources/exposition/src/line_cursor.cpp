#include "line_cursor.hpp"

#include <algorithm>

namespace optiinfra::exposition {

bool is_metric_name(std::string_view text) {
  return !text.empty() && (is_name_begin(text[0]) || text[0] == ':') &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_name_letter(c) || c == ':'; });
}

bool is_label_name(std::string_view text) {
  return !text.empty() && is_name_begin(text[0]) && std::all_of(text.begin(), text.end(), is_name_letter);
}

const char* LineCursor::take_quoted(std::string& unescaped, std::string_view& text) {
  constexpr const char* kNotClosed = "a text in quotes is not closed";
  const char* const begin = at_;
  while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
  if (at_ == end_) return kNotClosed;
  text = {begin, static_cast<std::size_t>(at_ - begin)};
  if (*at_ == '"') return ++at_, nullptr;
  const std::size_t from = unescaped.size();
  unescaped.append(text);
  while (at_ != end_ && *at_ != '"') {
    char letter = *at_++;
    if (letter == '\\') {
      if (at_ == end_) return kNotClosed;
      switch (*at_++) {
        case 'n':
          letter = '\n';
          break;
        case '"':
          letter = '"';
          break;
        case '\\':
          break;
        default:
          return "only \\n, \\\" and \\\\ are escapes";
      }
    }
    unescaped.push_back(letter);
  }
  if (at_ == end_) return kNotClosed;
  ++at_;
  text = std::string_view(unescaped).substr(from);
  return nullptr;
}

}  // namespace optiinfra::exposition
