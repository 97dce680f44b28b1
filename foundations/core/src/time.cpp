#include "optiinfra/core/time.hpp"

#include <charconv>
#include <cstdio>
#include <optional>

namespace optiinfra {
namespace {

using std::chrono::seconds;

/// Reads text from left to right; every step says whether it matched.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }

  bool literal(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + digits, value);
    if (code != std::errc{} || end != rest_.data() + digits || rest_.front() == '-') return false;
    rest_.remove_prefix(digits);
    return true;
  }

  /// At least one.
  bool skip_digits() {
    const std::size_t size = rest_.size();
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') rest_.remove_prefix(1);
    return rest_.size() < size;
  }

 private:
  std::string_view rest_;
};

std::optional<seconds> read_offset(Reader& reader) {
  if (reader.done() || reader.literal('Z')) return seconds{0};
  const bool east = reader.literal('+');
  if (!east && !reader.literal('-')) return std::nullopt;
  int hours = 0, minutes = 0;
  if (!reader.number(2, hours)) return std::nullopt;
  reader.literal(':');
  if (!reader.number(2, minutes) || hours > 14 || minutes > 59) return std::nullopt;
  const seconds offset{hours * 3600 + minutes * 60};
  return east ? offset : -offset;
}

std::optional<sys_seconds> read_calendar(std::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!reader.number(4, year) || !reader.literal('-') || !reader.number(2, month) || !reader.literal('-') ||
      !reader.number(2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  seconds offset{0};
  if (!reader.done()) {
    if (!reader.literal('T') && !reader.literal(' ')) return std::nullopt;
    if (!reader.number(2, hour) || !reader.literal(':') || !reader.number(2, minute)) return std::nullopt;
    if (reader.literal(':')) {
      if (!reader.number(2, second)) return std::nullopt;
      if (reader.literal('.') && !reader.skip_digits()) return std::nullopt;
    }
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const auto read = read_offset(reader);
    if (!read || !reader.done()) return std::nullopt;
    offset = *read;
  }
  return sys_seconds{std::chrono::sys_days{date}} + seconds{hour * 3600 + minute * 60 + second} - offset;
}

std::optional<seconds> read_duration(std::string_view text) {
  long long count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  constexpr long long kCountMax = 1'000'000'000;
  if (code != std::errc{} || count <= 0 || count > kCountMax || end != text.data() + text.size() - 1) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 's':
      return seconds{count};
    case 'm':
      return seconds{count * 60};
    case 'h':
      return seconds{count * 3600};
    case 'd':
      return seconds{count * 86'400};
    case 'w':
      return seconds{count * 604'800};
    default:
      return std::nullopt;
  }
}

std::optional<sys_seconds> read_unix(std::string_view text) {
  long long count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code != std::errc{} || end != text.data() + text.size() || text.size() < 9) return std::nullopt;
  return sys_seconds{seconds{count}};
}

std::string format(sys_seconds time, char separator, const char* suffix) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto second = (time - day).count();
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u%c%02d:%02d:%02d%s", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), separator,
                static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                static_cast<int>(second % 60), suffix);
  return text;
}

}  // namespace

sys_seconds now() { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); }

sys_seconds floor_hour(sys_seconds time) { return std::chrono::floor<std::chrono::hours>(time); }

Result<sys_seconds> parse_time(std::string_view text) {
  if (text == "now") return now();
  if (text.starts_with("now-")) {
    if (const auto ago = read_duration(text.substr(4))) return now() - *ago;
  } else if (text.starts_with("now+")) {
    if (const auto ahead = read_duration(text.substr(4))) return now() + *ahead;
  } else if (const auto calendar = read_calendar(text)) {
    return *calendar;
  } else if (const auto unix_time = read_unix(text)) {
    return *unix_time;
  }
  return invalid_argument("'" + std::string(text) +
                          "' is not a time; write 2026-03-01, 2026-03-01T12:30:00Z, "
                          "Unix seconds, now, now-24h or now+1h (UTC)");
}

Result<seconds> parse_duration(std::string_view text) {
  if (const auto duration = text.empty() ? std::nullopt : read_duration(text)) return *duration;
  return Error{
      ErrorKind::kInvalidArgument,
      "'" + std::string(text) +
          "' is not a length of time; write a whole number and its unit, which is s, m, h, d or w: 10s, "
          "24h, 90d"};
}

std::string format_time(sys_seconds time) { return format(time, 'T', "Z"); }

std::string format_engine_time(sys_seconds time) { return format(time, ' ', ""); }

}  // namespace optiinfra
