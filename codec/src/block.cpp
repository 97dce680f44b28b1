#include "optiinfra/codec/block.hpp"

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

}  // namespace

void Block::add(Column column) {
  const std::size_t rows = optiinfra::row_count(column.data);
  if (!columns_.empty() && rows != row_count_) detail::broken_invariant("columns of one block differ in length");
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

}  // namespace optiinfra
