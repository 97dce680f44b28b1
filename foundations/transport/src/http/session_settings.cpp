#include "http/session_settings.hpp"

#include <algorithm>
#include <string>

namespace optiinfra::http {
namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// A number or a name such as true.
bool is_bare(char c) { return is_word(c) || c == '.' || c == '-' || c == '+'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_blanks();
    return text_.empty();
  }

  bool take(char c) {
    skip_blanks();
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  template <typename Accept>
  std::string_view run(Accept accept) {
    skip_blanks();
    const auto end = std::find_if_not(text_.begin(), text_.end(), accept);
    const std::string_view run = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
    text_.remove_prefix(run.size());
    return run;
  }

  /// A literal: 'text' with its escapes resolved, or a bare one. Empty optional when there is none.
  std::optional<std::string> literal() {
    if (!take('\'')) {
      const std::string_view bare = run(is_bare);
      return bare.empty() ? std::nullopt : std::optional<std::string>(bare);
    }
    std::string value;
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == '\'' && !text_.starts_with('\'')) return value;
      if (c == '\'' || c == '\\') {
        // Escapes by letter, such as \n, have no use in a setting.
        if (text_.empty() || (c == '\\' && is_word(text_.front()))) return std::nullopt;
        value += text_.front();
        text_.remove_prefix(1);
      } else {
        value += c;
      }
    }
    return std::nullopt;
  }

 private:
  void skip_blanks() {
    while (!text_.empty() && is_blank(text_.front())) text_.remove_prefix(1);
  }

  std::string_view text_;
};

bool is_keyword(std::string_view word, std::string_view upper_case) {
  return std::equal(word.begin(), word.end(), upper_case.begin(), upper_case.end(),
                    [](char a, char b) { return (a & ~0x20) == b; });
}

}  // namespace

Result<std::optional<std::vector<NamedValue>>> parse_set(std::string_view sql) {
  Reader reader(sql);
  const std::string_view first = reader.run(is_word);
  if (is_keyword(first, "USE"))
    return Error{
        ErrorKind::kInvalidArgument,
        "over HTTP a USE has no lasting effect; name the database in the store's URL or before each table"};
  if (!is_keyword(first, "SET")) return std::optional<std::vector<NamedValue>>{};
  std::vector<NamedValue> settings;
  do {
    const std::string name(reader.run(is_word));
    auto value = !name.empty() && reader.take('=') ? reader.literal() : std::nullopt;
    if (!value)
      return invalid_argument(
          "over HTTP a SET is kept by this program and sent with each statement: write it as "
          "SET name = value, name = 'text' without comments");
    settings.emplace_back(name, *std::move(value));
  } while (reader.take(','));
  if (!reader.at_end())
    return invalid_argument("a SET has more after its last value than can be kept over HTTP");
  return std::optional(std::move(settings));
}

}  // namespace optiinfra::http
