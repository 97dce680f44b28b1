#include "optiinfra/codec/column.hpp"

#include <functional>

namespace optiinfra {

void Strings::reserve(std::size_t rows, std::size_t bytes) {
  ends_.reserve(rows);
  chars_.reserve(bytes);
}

void Strings::append(std::string_view text) {
  chars_.append(text);
  ends_.push_back(chars_.size());
}

void Strings::clear() noexcept {
  chars_.clear();
  ends_.clear();
}

Dictionary::Dictionary() { clear(); }

void Dictionary::reserve(std::size_t rows) { indexes_.reserve(rows); }

void Dictionary::clear() noexcept {
  keys_.clear();
  keys_.append("");
  indexes_.clear();
  table_.assign(16, 0);
}

void Dictionary::append(std::string_view text) {
  if (!indexes_.empty() && keys_[indexes_.back()] == text) {
    indexes_.push_back(indexes_.back());
    return;
  }
  indexes_.push_back(intern(text));
}

std::uint32_t Dictionary::intern(std::string_view text) {
  if (text.empty()) return 0;
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  for (; table_[slot] != 0; slot = (slot + 1) & mask) {
    if (keys_[table_[slot]] == text) return table_[slot];
  }
  const auto index = static_cast<std::uint32_t>(keys_.size());
  keys_.append(text);
  table_[slot] = index;
  if (keys_.size() * 2 > table_.size()) grow_table();
  return index;
}

void Dictionary::grow_table() {
  table_.assign(table_.size() * 2, 0);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t index = 1; index < keys_.size(); ++index) {
    std::size_t slot = std::hash<std::string_view>{}(keys_[index]) & mask;
    while (table_[slot] != 0) slot = (slot + 1) & mask;
    table_[slot] = index;
  }
}

Dictionary Dictionary::gather(std::span<const std::uint32_t> rows) const {
  Dictionary result;
  result.keys_ = keys_;
  result.table_ = table_;
  result.indexes_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) result.indexes_[i] = indexes_[rows[i]];
  return result;
}

std::size_t row_count(const ColumnData& data) {
  return std::visit(
      [](const auto& values) -> std::size_t {
        if constexpr (requires { values->null; }) {
          return values->null.size();
        } else {
          return values.size();
        }
      },
      data);
}

}  // namespace optiinfra
