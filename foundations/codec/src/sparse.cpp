#include "sparse.hpp"

namespace optiinfra {
namespace {

/// Marks the last number: the defaults after the last value.
constexpr std::uint64_t kEnd = std::uint64_t{1} << 62;

struct Spread {
  std::span<const std::uint32_t> at;
  std::uint64_t rows;

  /// From the back, so that no value is overwritten before it has moved: at[i] is never below i.
  template <typename T>
  void operator()(std::vector<T>& values) const {
    values.resize(rows);
    for (std::size_t i = at.size(); i-- > 0;) {
      const T value = std::exchange(values[i], T{});
      values[at[i]] = value;
    }
  }
  void operator()(Strings& values) const {
    Strings spread;
    spread.reserve(rows, values.size_bytes());
    std::size_t next = 0;
    for (std::uint64_t row = 0; row < rows; ++row) {
      const bool has_value = next < at.size() && at[next] == row;
      spread.append(has_value ? values[next++] : std::string_view{});
    }
    values = std::move(spread);
  }
  void operator()(Dictionary&) const {}
  void operator()(std::unique_ptr<Nullable>&) const {}
};

}  // namespace

bool can_be_sparse(const ColumnData& data) noexcept {
  return !std::holds_alternative<Dictionary>(data) &&
         !std::holds_alternative<std::unique_ptr<Nullable>>(data);
}

std::vector<std::uint32_t> read_sparse_rows(InputBuffer& input, std::uint64_t rows) {
  std::vector<std::uint32_t> at;
  std::uint64_t row = 0;
  while (!input.failure()) {
    const std::uint64_t number = input.varint(), defaults = number & ~kEnd;
    const bool is_end = (number & kEnd) != 0;
    if (input.failure()) break;
    if (defaults > rows - row || (is_end ? row + defaults != rows : row + defaults == rows)) {
      input.fail(ErrorKind::kCorrupt, "a sparse column differs in rows from its block");
      break;
    }
    row += defaults;
    if (is_end) return at;
    at.push_back(static_cast<std::uint32_t>(row++));
  }
  return {};
}

void spread(ColumnData& data, std::span<const std::uint32_t> at, std::uint64_t rows) {
  std::visit(Spread{at, rows}, data);
}

}  // namespace optiinfra
