/// @file optiinfra/codec/block.hpp
/// A block: columns of equal length, the unit of every insert and of every answer.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "optiinfra/codec/column.hpp"

namespace optiinfra {

class Block {
 public:
  /// Adds a column. Its length must equal that of the columns before it, and its values must have the
  /// layout of its type (empty_column); anything else is a bug of the caller and ends the process.
  void add(Column column);

  std::size_t row_count() const noexcept { return row_count_; }
  bool empty() const noexcept { return row_count_ == 0; }
  const std::vector<Column>& columns() const& noexcept { return columns_; }
  std::vector<Column> columns() && noexcept { return std::move(columns_); }

  /// The column of this name, or nullptr.
  const Column* find(std::string_view name) const noexcept;

  /// The values of column `index` when they are of layout T, else nullptr.
  template <typename T>
  const T* values(std::size_t index) const noexcept {
    return index < columns_.size() ? std::get_if<T>(&columns_[index].data) : nullptr;
  }

  /// The bytes that the values take in memory, near what they take on the wire.
  std::size_t size_bytes() const noexcept;

  /// The memory that it holds, with memory that its columns have reserved but do not use.
  std::size_t capacity_bytes() const noexcept;

 private:
  std::vector<Column> columns_;
  std::size_t row_count_ = 0;
};

}  // namespace optiinfra
