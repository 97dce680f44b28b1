#include "csv_quotes.hpp"

#include <algorithm>

namespace optiinfra {
namespace {

constexpr char kQuote = '"';

bool ends(std::string_view rest) { return rest.empty() || rest == "\r"; }

}  // namespace

/// Goes to the byte after the quote that closes the field; false when the line has none.
bool CsvQuotes::close(std::string_view& rest) {
  while (true) {
    const auto quote = rest.find(kQuote);
    if (quote == std::string_view::npos) return false;
    const bool is_behind_blank = quote > 0 && (rest[quote - 1] == ' ' || rest[quote - 1] == '\t');
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with(kQuote)) {
      quotes_last_blanks_ = quotes_last_blanks_ || is_behind_blank;
      return true;
    }
    rest.remove_prefix(1);
  }
}

void CsvQuotes::skip_blanks(std::string_view& rest) const {
  rest.remove_prefix(std::min(rest.find_first_not_of(delimiter_ == '\t' ? " " : " \t"), rest.size()));
}

std::optional<std::string> CsvQuotes::take(std::uint64_t number, std::string_view line) {
  std::string_view rest = line;
  // The engine takes a carriage return after a line feed for a part of the line's end, too.
  if (!is_open_ && rest.starts_with('\r')) rest.remove_prefix(1);
  const bool was_open = is_open_;
  if (is_open_) {
    spans_lines_ = true;
    if (!close(rest)) return std::nullopt;
    is_open_ = false;
  }
  for (bool is_behind_quote = was_open;; is_behind_quote = false) {
    if (!is_behind_quote) {
      skip_blanks(rest);
      is_behind_quote = rest.starts_with(kQuote);
      if (is_behind_quote) {
        rest.remove_prefix(1);
        if (!close(rest)) {
          is_open_ = true, opened_at_ = number;
          return std::nullopt;
        }
      }
    }
    if (is_behind_quote) {
      skip_blanks(rest);
      if (!ends(rest) && !rest.starts_with(delimiter_))
        return "a quote closes a field, and text follows it (a quote inside of a field is doubled)";
    } else {
      rest.remove_prefix(std::min(rest.find(delimiter_), rest.size()));
    }
    if (ends(rest)) return std::nullopt;
    rest.remove_prefix(1);
  }
}

std::optional<std::string> CsvQuotes::finish() const {
  if (!is_open_) return std::nullopt;
  return "line " + std::to_string(opened_at_) + ": a quote opens a field and nothing closes it";
}

}  // namespace optiinfra
