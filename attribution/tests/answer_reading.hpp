/// Reads answers in tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "optiinfra/client/question.hpp"

namespace optiinfra::testing {

inline Cell cell_in(const Answer& answer, std::size_t row, std::string_view key) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i)
    if (answer.columns[i].key == key) return answer.rows.at(row)[i];
  ADD_FAILURE() << "no column " << key;
  return {};
}

inline double number_at_key(const Answer& answer, std::size_t row, std::string_view key) {
  const Cell value = cell_in(answer, row, key);
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return static_cast<double>(*count);
  const auto* const number = std::get_if<double>(&value);
  EXPECT_NE(number, nullptr) << key << " is absent";
  return number == nullptr ? -1 : *number;
}

inline std::string text_at_key(const Answer& answer, std::size_t row, std::string_view key) {
  const Cell value = cell_in(answer, row, key);
  const auto* const text = std::get_if<std::string>(&value);
  return text == nullptr ? "(no text)" : *text;
}

/// The row whose cell is this text.
inline std::size_t row_with(const Answer& answer, std::string_view key, const std::string& text) {
  for (std::size_t row = 0; row < answer.rows.size(); ++row)
    if (cell_in(answer, row, key) == Cell{text}) return row;
  ADD_FAILURE() << "no row whose " << key << " is " << text;
  return 0;
}

}  // namespace optiinfra::testing
