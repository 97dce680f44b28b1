/// @file optiinfra/schema/optionals.hpp
/// The values of a column in which a value may be absent.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace optiinfra {

/// Values of one column, each of which may be absent: a value that nobody measured is not 0. The two vectors
/// have one element per row, as the Native format sends them.
template <typename T>
struct Optionals {
  using value_type = std::optional<T>;

  std::vector<std::uint8_t> absent;  ///< 1 where there is no value.
  std::vector<T> values;             ///< Any placeholder where the value is absent.

  Optionals() = default;
  /// All values are present. validate() refuses a NaN; it does not count as absent.
  explicit Optionals(std::vector<T> present) : absent(present.size()), values(std::move(present)) {}

  /// A NaN counts as an absent value.
  void push_back(std::optional<T> value) {
    if constexpr (std::is_floating_point_v<T>) {
      if (value && std::isnan(*value)) value.reset();
    }
    absent.push_back(value ? 0 : 1);
    values.push_back(value.value_or(T{}));
  }

  /// Returns a const copy, so that nobody assigns to it; set() changes a value.
  const std::optional<T> operator[](std::size_t row) const {
    return absent[row] != 0 ? std::nullopt : std::optional<T>(values[row]);
  }

  void set(std::size_t row, std::optional<T> value) {
    absent[row] = value ? 0 : 1;
    values[row] = value.value_or(T{});
  }

  std::size_t size() const noexcept { return values.size(); }
  bool empty() const noexcept { return values.empty(); }
  void reserve(std::size_t rows) {
    absent.reserve(rows);
    values.reserve(rows);
  }
  void clear() noexcept {
    absent.clear();
    values.clear();
  }

  /// Whether the same rows are present, with the same values.
  friend bool operator==(const Optionals& left, const Optionals& right) {
    if (left.absent != right.absent || left.size() != right.size()) return false;
    for (std::size_t row = 0; row < left.size(); ++row) {
      if (left.absent[row] == 0 && left.values[row] != right.values[row]) return false;
    }
    return true;
  }
};

}  // namespace optiinfra
