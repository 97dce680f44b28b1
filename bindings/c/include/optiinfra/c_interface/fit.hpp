/// @file optiinfra/c_interface/fit.hpp
/// Converts values of other languages into values of our columns: which fit, which are absent, which are
/// refused.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "optiinfra/codec/large_pages.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::c_interface {

/// The type of a column's values. is_instant tells an instant from another std::uint32_t.
template <typename Values>
struct ValueOf {
  using Type = typename Values::value_type;
};
template <typename T>
struct ValueOf<Optionals<T>> {
  using Type = T;
};
template <>
struct ValueOf<Strings> {
  using Type = std::string_view;
};
template <>
struct ValueOf<Dictionary> {
  using Type = std::string_view;
};

template <typename Values>
inline constexpr bool kMayBeAbsent = false;
template <typename T>
inline constexpr bool kMayBeAbsent<Optionals<T>> = true;

inline bool is_instant(const ColumnDefinition& column) { return column.rule == Rule::kTime; }

/// Puts `number` into `value` when nothing but precision of a fraction is lost. A NaN is passed on: it is
/// absent, or breaks its column's rule.
template <typename T, typename Number>
bool fit(Number number, T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    value = static_cast<T>(number);
    return true;
  } else if constexpr (std::is_floating_point_v<Number>) {
    if (!(number >= 0 && number <= static_cast<double>(std::numeric_limits<T>::max()))) return false;
    value = static_cast<T>(number);
    return static_cast<Number>(value) == number;
  } else {
    if (!std::in_range<T>(number)) return false;
    value = static_cast<T>(number);
    return true;
  }
}

/// The column's integer for `seconds`; nullopt outside of what it can hold.
inline std::optional<std::uint32_t> fit_instant(std::int64_t seconds) {
  std::uint32_t value = 0;
  return fit(seconds, value) ? std::optional(value) : std::nullopt;
}

/// What a column takes, in words that fit after "must be".
template <typename Values>
std::string expected(const ColumnDefinition& column) {
  using T = typename ValueOf<Values>::Type;
  if (is_instant(column)) return "a time from 1970 to 2106";
  if constexpr (std::is_same_v<T, Uuid>) return "a UUID";
  if constexpr (std::is_same_v<T, std::string_view>) return "text";
  if constexpr (std::is_floating_point_v<T>) return "a number";
  if constexpr (std::is_integral_v<T>)
    return "a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max());
}

/// Adds the value of a row that leaves the column out.
template <typename Values>
void put_absent(Values& values) {
  if constexpr (kMayBeAbsent<Values>) {
    values.push_back(std::nullopt);
  } else if constexpr (std::is_same_v<typename ValueOf<Values>::Type, std::string_view>) {
    values.append("");
  } else {
    values.push_back({});
  }
}

/// Makes room for `rows` values, in large pages where they are many.
template <typename Values>
void reserve(Values& values, std::size_t rows) {
  if constexpr (std::is_same_v<Values, Strings>) {
    values.reserve(rows, 0);
  } else {
    values.reserve(rows);
  }
  const auto prefer = [rows](auto& vector) {
    prefer_large_pages(vector.data(), rows * sizeof(*vector.data()));
  };
  if constexpr (kMayBeAbsent<Values>) {
    prefer(values.absent);
    prefer(values.values);
  } else if constexpr (std::is_arithmetic_v<typename ValueOf<Values>::Type> ||
                       std::is_same_v<typename ValueOf<Values>::Type, Uuid>) {
    prefer(values);
  }
}

/// The failure for a value that its column cannot hold.
inline RefusedValue refused(std::size_t row, const ColumnDefinition& column, std::string value,
                            std::string rule) {
  constexpr std::size_t kShownBytesMax = 64;
  if (value.size() > kShownBytesMax) value.replace(kShownBytesMax, std::string::npos, "...");
  return {row, column.name, std::move(value), std::move(rule)};
}

}  // namespace optiinfra::c_interface
