#include "http/answer_head.hpp"

#include <algorithm>
#include <charconv>

namespace optiinfra::http {
namespace {

constexpr int kKeepAliveSecondsMax = 3600;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_named(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

/// The number at the start of `text`, 0 when there is none or it is too large.
template <typename T>
T number(std::string_view text) {
  T value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} ? value : T{0};
}

std::uint64_t counter(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(key);
  return at == std::string_view::npos ? 0 : number<std::uint64_t>(json.substr(at + key.size()));
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= kExceptionTagBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

std::optional<std::chrono::seconds> idle_time(std::string_view value) {
  constexpr std::string_view kName = "timeout=";
  const auto at = value.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  return std::chrono::seconds(
      std::clamp(number<int>(value.substr(at + kName.size())), 0, kKeepAliveSecondsMax));
}

}  // namespace

Summary parse_summary(std::string_view json) {
  return {counter(json, "read_rows"), counter(json, "read_bytes"), counter(json, "written_rows")};
}

void AnswerHead::take_line(std::string_view line) {
  if (complete_) return;
  line = trimmed(line);
  if (line.starts_with("HTTP/")) {
    *this = AnswerHead{};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) status_ = number<int>(line.substr(space + 1));
  } else if (line.empty()) {
    complete_ = status_ >= 200;
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (value.size() <= kHeaderValueBytesMax) take_header(line.substr(0, colon), value);
  }
}

void AnswerHead::take_header(std::string_view name, std::string_view value) {
  constexpr std::string_view kOwn = "optiinfra-";
  if (is_named(name.substr(0, kOwn.size()), kOwn) && own_headers_.size() < kOwnHeadersMax) {
    std::string lower_case(name);
    std::transform(lower_case.begin(), lower_case.end(), lower_case.begin(), lower);
    own_headers_.emplace_back(std::move(lower_case), value);
    return;
  }
  if (is_named(name, "x-clickhouse-query-id")) {
    query_id_ = value;
  } else if (is_named(name, "x-clickhouse-format")) {
    format_ = value;
  } else if (is_named(name, "x-clickhouse-exception-code")) {
    exception_code_ = number<int>(value);
  } else if (is_named(name, "x-clickhouse-exception-tag")) {
    exception_tag_ = is_tag(value) ? value : std::string_view{};
  } else if (is_named(name, "x-clickhouse-summary")) {
    summary_ = parse_summary(value);
  } else if (is_named(name, "content-encoding")) {
    encoded_ = !is_named(value, "identity");
  } else if (is_named(name, "keep-alive")) {
    keep_alive_ = idle_time(value);
  }
}

}  // namespace optiinfra::http
