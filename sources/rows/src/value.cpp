#include "value.hpp"

#include <cmath>

#include "decimal.hpp"
#include "optiinfra/core/utf8.hpp"

namespace optiinfra::rows {
namespace {

bool holds_number(const Token& token) {
  return token.kind == Token::Kind::kNumber || (token.kind == Token::Kind::kText && is_number(token.text));
}

template <typename Float>
Refusal read_number(const Token& token, Float& into, Refusal too_large) {
  if (!holds_number(token)) return "a number";
  return read_float(token.text, into) ? nullptr : too_large;
}

Refusal read_flag(const Token& token, std::uint8_t& into) {
  const bool is_text = token.kind == Token::Kind::kText;
  const bool is_true = token.kind == Token::Kind::kTrue || (is_text && token.text == "true");
  const bool is_false = token.kind == Token::Kind::kFalse || (is_text && token.text == "false");
  std::uint32_t number = is_true ? 1 : 0;
  if (!is_true && !is_false && !(holds_number(token) && read_whole(token.text, 1, number)))
    return "true, false, 0 or 1";
  into = static_cast<std::uint8_t>(number);
  return nullptr;
}

/// Nobody has metrics of the year 5138; milliseconds of these years are above.
constexpr double kUnixSecondsMax = 1e11;

/// In text an exponent is a spreadsheet's, which has lost the last digits. Its fraction is cut off before it
/// is read: a double near the end of a second may round to the next one.
Refusal read_unix(const Token& token, sys_seconds& into) {
  std::string_view text = token.text;
  if (token.kind == Token::Kind::kText) {
    if (text.find_first_of("eE") != std::string_view::npos)
      return "a time: RFC 3339 text, or Unix seconds without an exponent";
    text = text.substr(0, text.find('.'));
  }
  double seconds = 0;
  if (!read_float(text, seconds) || std::abs(seconds) > kUnixSecondsMax)
    return "Unix seconds or RFC 3339 text; this looks like milliseconds or a smaller unit";
  into = sys_seconds{std::chrono::seconds{static_cast<std::int64_t>(std::floor(seconds))}};
  return nullptr;
}

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : -1; }

/// The two digits at `at`, or -1.
int two_digits(const char* at) {
  const int tens = digit(at[0]), ones = digit(at[1]);
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones;
}

/// `2026-03-01T12:30:05Z` or the same without the Z and with a space, which is how nearly every row has it.
bool read_usual_time(std::string_view text, sys_seconds& into) {
  constexpr std::size_t kLength = 19;
  const char* const at = text.data();
  const bool has_length = text.size() == kLength || (text.size() == kLength + 1 && text.back() == 'Z');
  if (!has_length || at[4] != '-' || at[7] != '-' || at[13] != ':' || at[16] != ':') return false;
  if (at[10] != 'T' && at[10] != ' ') return false;
  const int century = two_digits(at), year = two_digits(at + 2), month = two_digits(at + 5),
            day = two_digits(at + 8);
  const int hour = two_digits(at + 11), minute = two_digits(at + 14), second = two_digits(at + 17);
  if (((century | year | month | day | hour | minute | second) < 0) || hour > 23 || minute > 59 ||
      second > 59)
    return false;
  const std::chrono::year_month_day date{std::chrono::year{century * 100 + year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  into = std::chrono::sys_days{date} + std::chrono::seconds{hour * 3600 + minute * 60 + second};
  return true;
}

/// parse_time() takes more than a row may say: "now" would be another time when the row is sent again, and a
/// day is no instant.
bool may_be_instant(std::string_view text) {
  constexpr std::size_t kShortest = std::string_view("2026-03-01T12:30").size();
  return text.size() >= kShortest && digit(text[0]) >= 0 && text[4] == '-';
}

}  // namespace

Refusal read_value(const Token& token, Rule rule, std::uint8_t& into) {
  if (rule == Rule::kFlag) return read_flag(token, into);
  std::uint32_t number = 0;
  if (!holds_number(token) || !read_whole(token.text, 0xFF, number)) return "a whole number, 0 to 255";
  into = static_cast<std::uint8_t>(number);
  return nullptr;
}

Refusal read_value(const Token& token, Rule, std::uint32_t& into) {
  const bool is_read = holds_number(token) && read_whole(token.text, 0xFFFF'FFFF, into);
  return is_read ? nullptr : "a whole number, 0 to 4294967295";
}

Refusal read_value(const Token& token, Rule, float& into) {
  return read_number(token, into, "a number of at most 3.4e38, which is what 32 bits hold");
}

Refusal read_value(const Token& token, Rule, double& into) {
  return read_number(token, into, "a number of at most 1.8e308, which is what 64 bits hold");
}

Refusal read_value(const Token& token, Rule, Uuid& into) {
  constexpr Refusal kUuid = "a UUID such as 550e8400-e29b-41d4-a716-446655440000, or a name";
  if (token.kind != Token::Kind::kText) return kUuid;
  const auto id = Uuid::parse(token.text);
  if (!id) return kUuid;
  into = *id;
  return nullptr;
}

Refusal read_value(const Token& token, Rule, sys_seconds& into) {
  if (holds_number(token)) return read_unix(token, into);
  constexpr Refusal kTime = "a time: RFC 3339 text such as 2026-03-01T12:30:05Z, or Unix seconds";
  if (token.kind != Token::Kind::kText) return kTime;
  if (read_usual_time(token.text, into)) return nullptr;
  if (!may_be_instant(token.text)) return kTime;
  const auto time = parse_time(token.text);
  if (!time) return kTime;
  into = *time;
  return nullptr;
}

Refusal read_value(const Token& token, Rule, std::string_view& into) {
  if (token.kind != Token::Kind::kText) return "text";
  if (!is_utf8(token.text)) return "text in UTF-8";
  into = token.text;
  return nullptr;
}

}  // namespace optiinfra::rows
