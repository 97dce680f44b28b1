/// Rows of a batch as text, by the plainest code that does it: what tests, fuzz targets and benchmarks read
/// back.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::rows {

/// A value as text and whether JSON puts it in quotes.
struct ValueText {
  std::string text;
  bool is_quoted = false;
};

template <typename Value>
ValueText value_text(const Value& value, Rule rule) {
  if constexpr (std::is_same_v<Value, Uuid>) {
    return {value.to_string(), true};
  } else if constexpr (std::is_convertible_v<Value, std::string_view>) {
    return {std::string(value), true};
  } else if constexpr (std::is_floating_point_v<Value>) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*g", std::is_same_v<Value, float> ? 9 : 17,
                  static_cast<double>(value));
    return {text};
  } else if (rule == Rule::kTime) {
    return {format_time(sys_seconds{std::chrono::seconds{value}}), true};
  } else {
    return {std::to_string(value)};
  }
}

inline std::string json_text(const ValueText& value) {
  if (!value.is_quoted) return value.text;
  std::string text = "\"";
  for (const char c : value.text) {
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool is_plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
    text += is_plain ? std::string(1, c) : escape;
  }
  return text + '"';
}

inline std::string csv_text(const ValueText& value) {
  std::string text = "\"";
  for (const char c : value.text) text += c == '"' ? "\"\"" : std::string(1, c);
  return text.find_first_of(",\r\n\"", 1) == std::string::npos ? value.text : text + '"';
}

/// The text of row `row` of a column; none where it is absent. What is empty text or the nil UUID counts as
/// absent unless the column is required.
template <typename Values>
std::optional<ValueText> value_at(const Values& values, std::size_t row, const ColumnDefinition& column) {
  if (values.size() == 0) return std::nullopt;
  const auto value = values[row];
  if constexpr (requires { value.has_value(); }) {
    if (value) return value_text(*value, column.rule);
    return std::nullopt;
  } else {
    const bool is_default = value == std::remove_const_t<decltype(value)>{};
    if (is_default && column.presence == Presence::kOptional) return std::nullopt;
    return value_text(value, column.rule);
  }
}

template <typename Row>
std::string json_row(const Batch<Row>& batch, std::size_t row) {
  std::string text;
  for_each_column<Row>([&](const auto& access) {
    const auto value = value_at(batch.*access.batch, row, access.definition);
    if (value)
      text +=
          (text.empty() ? "{\"" : ",\"") + std::string(access.definition.name) + "\":" + json_text(*value);
  });
  return text + "}";
}

template <typename Row>
std::string json_lines(const Batch<Row>& batch) {
  std::string text;
  for (std::size_t row = 0; row < batch.size(); ++row) text += json_row<Row>(batch, row) + "\n";
  return text;
}

template <typename Row>
std::string json_array(const Batch<Row>& batch) {
  std::string text = "[";
  for (std::size_t row = 0; row < batch.size(); ++row)
    text += (row == 0 ? "\n " : ",\n ") + json_row<Row>(batch, row);
  return text + "\n]";
}

/// The columns that `batch` has.
template <typename Row>
std::string csv(const Batch<Row>& batch) {
  std::string text;
  for_each_column<Row>([&](const auto& access) {
    if ((batch.*access.batch).size() > 0)
      text += (text.empty() ? "" : ",") + std::string(access.definition.name);
  });
  text += "\r\n";
  for (std::size_t row = 0; row < batch.size(); ++row) {
    std::string line;
    std::string_view separator = "";
    for_each_column<Row>([&](const auto& access) {
      if ((batch.*access.batch).size() == 0) return;
      line += separator;
      separator = ",";
      const auto value = value_at(batch.*access.batch, row, access.definition);
      if (value) line += csv_text(*value);
    });
    text += line + "\r\n";
  }
  return text;
}

/// Whether both hold the same rows, columns that one leaves out as a whole aside.
template <typename Row>
bool have_same_rows(Batch<Row> left, Batch<Row> right) {
  left.fill_left_out();
  right.fill_left_out();
  bool are_same = left.size() == right.size();
  for_each_column<Row>([&](const auto& access) {
    const auto &a = left.*access.batch, &b = right.*access.batch;
    for (std::size_t row = 0; are_same && row < left.size(); ++row) are_same = a[row] == b[row];
  });
  return are_same;
}

}  // namespace optiinfra::rows
