/// @file optiinfra/codec/column.hpp
/// Columns of values, in the layouts that the engine's Native format writes without conversion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

/// Strings of one column, end to end in one buffer: appending allocates only when the buffer grows.
class Strings {
 public:
  void reserve(std::size_t rows, std::size_t bytes);
  void append(std::string_view text);
  void append_all(const Strings& more);
  void clear() noexcept;

  /// Becomes the rows of `source` that `rows` names, in that order. Uses the memory that it has if that is
  /// enough. `source` must be another object.
  void assign(const Strings& source, std::span<const std::uint32_t> rows);

  std::size_t size() const noexcept { return ends_.size(); }
  std::size_t size_bytes() const noexcept { return chars_.size(); }
  std::size_t capacity_bytes() const noexcept {
    return chars_.capacity() + ends_.capacity() * sizeof(std::size_t);
  }

  /// Valid until the next append or clear.
  std::string_view operator[](std::size_t row) const noexcept {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return {chars_.data() + begin, ends_[row] - begin};
  }

  friend bool operator==(const Strings&, const Strings&) = default;

 private:
  std::string chars_;
  std::vector<std::size_t> ends_;
};

/// Strings of low cardinality: each distinct text once, and a small number per row.
///
/// The engine takes this form three to five times faster than plain strings. Appending costs one
/// hash look-up, and none when the text repeats the row before. At most 2^32 - 1 distinct texts.
class Dictionary {
 public:
  Dictionary();

  void reserve(std::size_t rows);
  void append(std::string_view text);

  /// Appends the text that key(`index`) holds. `index` must come from this dictionary.
  void append_index(std::uint32_t index) { indexes_.push_back(index); }

  /// Appends every row of `more`, looking each of its distinct texts up once.
  void append_all(const Dictionary& more);

  /// The index of `text`, added to the keys when it is new.
  std::uint32_t intern(std::string_view text);

  void clear() noexcept;

  std::size_t size() const noexcept { return indexes_.size(); }
  std::size_t key_count() const noexcept { return keys_.size(); }
  std::size_t capacity_bytes() const noexcept {
    return keys_.capacity_bytes() + (indexes_.capacity() + table_.capacity()) * sizeof(std::uint32_t);
  }
  std::string_view key(std::size_t index) const noexcept { return keys_[index]; }
  const Strings& keys() const noexcept { return keys_; }
  std::span<const std::uint32_t> indexes() const noexcept { return indexes_; }
  std::string_view operator[](std::size_t row) const noexcept { return keys_[indexes_[row]]; }

  /// Becomes a dictionary with all keys of `source` and the rows that `rows` names, in that order. Uses the
  /// memory that it has if that is enough. `source` must be another object.
  void assign(const Dictionary& source, std::span<const std::uint32_t> rows);

 private:
  void grow_table();

  Strings keys_;                        ///< keys_[0] is "", which the Native format wants first.
  std::vector<std::uint32_t> indexes_;  ///< One per row.
  std::vector<std::uint32_t> table_;    ///< Open addressing over keys_; 0 is a free slot.
};

struct Nullable;

/// The values of one column. Dates and times are their integers: DateTime is std::uint32_t seconds,
/// Date std::uint16_t days, Bool std::uint8_t; Enum8 and Enum16 are their numbers.
using ColumnData =
    std::variant<std::vector<std::uint8_t>, std::vector<std::uint16_t>, std::vector<std::uint32_t>,
                 std::vector<std::uint64_t>, std::vector<std::int8_t>, std::vector<std::int16_t>,
                 std::vector<std::int32_t>, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<double>, std::vector<Uuid>, Strings, Dictionary, std::unique_ptr<Nullable>>;

/// Values that may be absent. Where null[row] is 1 the value is a placeholder.
struct Nullable {
  std::vector<std::uint8_t> null;
  ColumnData values;
};

std::size_t row_count(const ColumnData& data);

/// A column with the name and the engine's type name under which it travels.
struct Column {
  std::string name;
  std::string type;  ///< For example "DateTime('UTC')" or "LowCardinality(String)".
  ColumnData data;
};

}  // namespace optiinfra
