#include "line_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "optiinfra/core/time.hpp"
#include "optiinfra/rows/decode.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::tail {
namespace {

using LineJson = LineReader::Json;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <typename Number>
std::optional<Number> whole_text(std::string_view text) {
  Number number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string text_of(const LineJson& value) {
  return value.is_string() ? value.get_ref<const std::string&>() : value.dump();
}

bool matches(std::string_view pattern, std::string_view text) {
  if (!pattern.ends_with('*')) return pattern == text;
  return text.starts_with(pattern.substr(0, pattern.size() - 1));
}

/// Whether a JSON text is nested deeper than rows may be. What writes and copies JSON calls itself for each
/// level, so a deep line would end the program.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool is_in_text = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_in_text && c == '\\') ++at;
    if (c == '"') is_in_text = !is_in_text;
    if (is_in_text) continue;
    if ((c == '{' || c == '[') && ++depth > rows::kJsonDepthMax) return true;
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return false;
}

bool holds_text(const std::string& column) {
  for (const ColumnDefinition& each : table_of(Family::kPerformance).columns())
    if (each.name == column)
      return std::string_view(each.type).find("String") != std::string_view::npos ||
             std::string_view(each.type) == "UUID";
  return false;
}

}  // namespace

std::optional<double> seconds_of(std::string_view text) {
  if (const auto number = whole_text<double>(text); number && std::isfinite(*number)) return number;
  constexpr std::size_t kShortest = std::string_view("2026-03-01T12:30").size();
  if (text.size() < kShortest || !is_digit(text[0]) || text[4] != '-') return std::nullopt;
  const auto time = parse_time(text);
  if (!time) return std::nullopt;
  const std::size_t point = text.find('.');
  std::string fraction = "0";
  if (point != std::string_view::npos)
    for (std::size_t at = point + 1; at < text.size() && is_digit(text[at]); ++at)
      fraction += (at == point + 1 ? "." : "") + std::string(1, text[at]);
  return static_cast<double>(time->time_since_epoch().count()) + whole_text<double>(fraction).value_or(0);
}

LineReader::LineReader(const LogForm& form, const LineDefaults& defaults)
    : rules_(*form.rules_), defaults_(defaults) {
  for (const ColumnRule& column : rules_.columns) is_text_.push_back(holds_text(column.column));
}

LineReader::Kind LineReader::append(std::string_view line, std::string& body) {
  texts_.clear();
  is_too_deep_ = is_too_deep(line);
  if (is_too_deep_) return Kind::kTooDeep;
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return Kind::kNoJson;
  if (!is_request(json)) return is_too_deep_ ? Kind::kTooDeep : Kind::kOther;
  const Json row = row_of(json);
  if (is_too_deep_) return Kind::kTooDeep;
  body += row.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return Kind::kRequest;
}

const LineReader::Json* LineReader::inside(const Json& text) {
  const auto [known, is_new] = texts_.try_emplace(&text);
  const auto& inner = text.get_ref<const std::string&>();
  if (is_new && is_too_deep(inner))
    is_too_deep_ = true;
  else if (is_new)
    known->second = Json::parse(inner, nullptr, false);
  return &known->second;
}

/// Nothing for what is absent.
const LineReader::Json* LineReader::find(const Json& from, const KeyPath& key) {
  const Json* at = &from;
  for (const std::string& step : key) {
    if (at->is_string()) at = inside(*at);
    if (at->is_object()) {
      const auto member = at->find(step);
      if (member == at->end()) return nullptr;
      at = &*member;
    } else if (at->is_array()) {
      const auto index = whole_text<std::size_t>(step);
      if (!index || *index >= at->size()) return nullptr;
      at = &(*at)[*index];
    } else {
      return nullptr;
    }
  }
  const bool is_empty = at->is_null() || (at->is_string() && at->get_ref<const std::string&>().empty());
  return is_empty ? nullptr : at;
}

const LineReader::Json* LineReader::find(const Json& from, const std::vector<KeyPath>& keys) {
  for (const KeyPath& key : keys)
    if (const Json* const found = find(from, key)) return found;
  return nullptr;
}

std::optional<double> LineReader::number(const Json& from, const KeyPath& key) {
  const Json* const at = find(from, key);
  if (at == nullptr) return std::nullopt;
  if (at->is_number()) return at->get<double>();
  if (at->is_string()) return seconds_of(at->get_ref<const std::string&>());
  return std::nullopt;
}

bool LineReader::is_request(const Json& line) {
  if (rules_.only_keys.empty()) return true;
  const Json* const at = find(line, rules_.only_keys);
  return at != nullptr && text_of(*at) == rules_.only_text;
}

/// What the rule makes of a number; null for none. What is no number stays as it is, so that it is refused
/// with its column.
LineReader::Json LineReader::number_of(const Json& from, const ValueRule& rule, const Json& at) {
  std::optional<double> value;
  if (at.is_number()) value = at.get<double>();
  if (at.is_string()) value = seconds_of(at.get_ref<const std::string&>());
  if (!value) return at;
  const double found = *value;
  const auto combine = [&](const std::optional<KeyPath>& key, auto operation) {
    if (!key || !value) return;
    const auto other = number(from, *key);
    value = other ? operation(*other) : std::nullopt;
  };
  combine(rule.before,
          [&](double other) -> std::optional<double> { return found < other ? value : std::nullopt; });
  combine(rule.since, [&](double other) -> std::optional<double> {
    return found >= other ? std::optional(found - other) : std::nullopt;
  });
  combine(rule.plus, [&](double other) -> std::optional<double> { return *value + other; });
  combine(rule.per, [&](double other) -> std::optional<double> {
    return other > 0 ? std::optional(*value / other) : std::nullopt;
  });
  if (!value) return nullptr;
  return *value * rule.scale;
}

LineReader::Json LineReader::value(const Json& from, const ValueRule& rule) {
  if (rule.text) return *rule.text;
  const Json* const at = find(from, rule.keys);
  if (at == nullptr) return nullptr;
  if (rule.if_positive && number(from, *rule.if_positive).value_or(0) <= 0) return nullptr;
  if (rule.is_number()) return number_of(from, rule, *at);
  if (rule.words.empty()) return *at;
  const std::string text = text_of(*at);
  for (const auto& [pattern, word] : rule.words)
    if (matches(pattern, text)) return word.empty() ? Json() : Json(word);
  return nullptr;
}

LineReader::Json LineReader::row_of(const Json& line) {
  Json row = Json::object();
  const Json* const from = find(line, rules_.within);
  for (std::size_t i = 0; from != nullptr && i < rules_.columns.size(); ++i) {
    const ColumnRule& column = rules_.columns[i];
    for (const ValueRule& rule : column.values) {
      Json found = value(*from, rule);
      if (found.is_null()) continue;
      row[column.column] = is_text_[i] && found.is_number() ? Json(found.dump()) : std::move(found);
      break;
    }
  }
  const auto fill = [&](const char* column, const std::string& text) {
    if (!text.empty() && !row.contains(column)) row[column] = text;
  };
  fill("customer_id", defaults_.customer);
  fill("service_id", defaults_.service);
  fill("model_name", defaults_.model);
  fill("instance_id", defaults_.instance);
  return row;
}

}  // namespace optiinfra::tail
