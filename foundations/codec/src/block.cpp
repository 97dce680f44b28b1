#include "optiinfra/codec/block.hpp"

#include "optiinfra/codec/type.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {
namespace {

std::size_t data_size_bytes(const ColumnData& data);

struct SizeBytes {
  template <typename T>
  std::size_t operator()(const std::vector<T>& values) const {
    return values.size() * sizeof(T);
  }
  std::size_t operator()(const Strings& values) const { return values.size_bytes() + values.size(); }
  std::size_t operator()(const Dictionary& values) const {
    return values.size() * sizeof(std::uint32_t) + values.keys().size_bytes();
  }
  std::size_t operator()(const std::unique_ptr<Nullable>& values) const {
    return values->null.size() + data_size_bytes(values->values);
  }
};

std::size_t data_size_bytes(const ColumnData& data) { return std::visit(SizeBytes{}, data); }

std::size_t data_capacity_bytes(const ColumnData& data) {
  return std::visit(
      [](const auto& values) -> std::size_t {
        if constexpr (requires { values->null; }) {
          return values->null.capacity() + data_capacity_bytes(values->values);
        } else if constexpr (requires { values.capacity_bytes(); }) {
          return values.capacity_bytes();
        } else {
          return values.capacity() * sizeof(*values.data());
        }
      },
      data);
}

/// Bugs of the caller that would reach the engine as garbage. An unknown type is the engine's to judge.
const char* what_is_wrong(const Column& column) {
  const auto layout = empty_column(column.type);
  if (layout && layout->index() != column.data.index())
    return "a column's values do not have its type's layout";
  const auto* nullable = std::get_if<std::unique_ptr<Nullable>>(&column.data);
  if (nullable == nullptr) return nullptr;
  if (*nullable == nullptr) return "a Nullable column without values";
  if ((*nullable)->null.size() != row_count((*nullable)->values))
    return "a Nullable column's flags and values differ in length";
  const auto* expected = layout ? std::get_if<std::unique_ptr<Nullable>>(&*layout) : nullptr;
  if (expected != nullptr && (*expected)->values.index() != (*nullable)->values.index()) {
    return "a Nullable column's values do not have its type's layout";
  }
  return nullptr;
}

}  // namespace

void Block::add(Column column) {
  if (const char* problem = what_is_wrong(column)) detail::broken_invariant(problem);
  const std::size_t rows = optiinfra::row_count(column.data);
  if (!columns_.empty() && rows != row_count_)
    detail::broken_invariant("columns of one block differ in length");
  row_count_ = rows;
  columns_.push_back(std::move(column));
}

const Column* Block::find(std::string_view name) const noexcept {
  for (const Column& column : columns_) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::size_t Block::size_bytes() const noexcept {
  std::size_t total = 0;
  for (const Column& column : columns_) total += data_size_bytes(column.data);
  return total;
}

std::size_t Block::capacity_bytes() const noexcept {
  std::size_t total = 0;
  for (const Column& column : columns_) total += data_capacity_bytes(column.data);
  return total;
}

}  // namespace optiinfra
