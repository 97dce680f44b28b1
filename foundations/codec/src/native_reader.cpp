#include <algorithm>

#include "optiinfra/codec/input_buffer.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/type.hpp"
#include "sparse.hpp"

namespace optiinfra {
namespace {

/// Arrays grow by at most this much ahead of the bytes that fill them, so that a false row count
/// costs no memory.
constexpr std::size_t kColumnGrowBytes = 1 << 20;
/// Room that an array is given at once, which costs address space and no memory until it is filled.
constexpr std::size_t kReserveBytes = 16 << 20;

/// The input of one block, and how much memory the block may still take.
struct BlockInput {
  InputBuffer& input;
  std::uint64_t bytes_left = kBlockBytesMax;

  bool failed() const { return input.failure().has_value(); }

  /// Asked before memory is taken for what `bytes_each` bytes a row become. False is a failure.
  bool allows(std::uint64_t rows, std::uint64_t bytes_each) {
    if (rows * bytes_each > bytes_left)
      input.fail(ErrorKind::kTooLarge,
                 "a block takes more than " + std::to_string(kBlockBytesMax) + " bytes");
    if (!failed()) bytes_left -= rows * bytes_each;
    return !failed();
  }
};

template <typename T>
void read_array(BlockInput& block_input, std::vector<T>& values, std::uint64_t rows) {
  values.clear();
  values.reserve(std::min<std::uint64_t>(rows, kReserveBytes / sizeof(T)));
  while (rows > 0 && !block_input.failed()) {
    const std::size_t step = std::min<std::uint64_t>(rows, kColumnGrowBytes / sizeof(T)),
                      begin = values.size();
    values.resize(begin + step);
    block_input.input.raw(values.data() + begin, step * sizeof(T));
    rows -= step;
  }
}

template <typename Index>
void read_indexes(BlockInput& block_input, Dictionary& values, std::span<const std::uint32_t> keys,
                  std::uint64_t rows) {
  std::vector<Index> indexes;
  if (!block_input.allows(rows, sizeof(Index) + sizeof(std::uint32_t))) return;
  read_array(block_input, indexes, rows);
  if (block_input.failed()) return;
  values.reserve(rows);
  for (const Index index : indexes) {
    if (index >= keys.size())
      return block_input.input.fail(ErrorKind::kCorrupt, "a dictionary index points past its keys");
    values.append_index(keys[index]);
  }
}

std::vector<std::uint32_t> read_keys(BlockInput& block_input, Dictionary& values) {
  /// What a key takes in addition to its text: an end, a place in the table, its number here.
  constexpr std::uint64_t kKeyBytes = 24;
  const std::uint64_t count =
      block_input.input.bounded(block_input.input.number<std::uint64_t>(), kBlockRowsMax, "a dictionary");
  std::vector<std::uint32_t> keys;
  for (std::uint64_t i = 0; i < count && !block_input.failed(); ++i) {
    const std::string_view key = block_input.input.text(kStringBytesMax, "a string");
    if (block_input.allows(1, kKeyBytes + key.size())) keys.push_back(values.intern(key));
  }
  return keys;
}

void read_dictionary(BlockInput& block_input, Dictionary& values, std::uint64_t rows) {
  if (rows == 0) return;
  InputBuffer& input = block_input.input;
  constexpr std::uint64_t kVersion = 1, kWidthMask = 0xFF, kHasKeys = 0x200, kUpdatesKeys = 0x400;
  if (input.number<std::uint64_t>() != kVersion)
    return input.fail(ErrorKind::kCorrupt, "unknown version of a LowCardinality column");
  const auto flags = input.number<std::uint64_t>();
  if ((flags & ~(kWidthMask | kUpdatesKeys)) != kHasKeys) {
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column does not bring keys of its own");
  }
  const std::vector<std::uint32_t> keys = read_keys(block_input, values);
  if (input.number<std::uint64_t>() != rows)
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column differs in rows from its block");
  switch (flags & kWidthMask) {
    case 0:
      return read_indexes<std::uint8_t>(block_input, values, keys, rows);
    case 1:
      return read_indexes<std::uint16_t>(block_input, values, keys, rows);
    case 2:
      return read_indexes<std::uint32_t>(block_input, values, keys, rows);
    case 3:
      return read_indexes<std::uint64_t>(block_input, values, keys, rows);
    default:
      return input.fail(ErrorKind::kCorrupt, "unknown index width of a LowCardinality column");
  }
}

struct ReadData {
  BlockInput& block_input;
  std::uint64_t rows;          ///< Of the block, which memory is taken for.
  std::uint64_t values_count;  ///< That come: fewer than rows in a sparse column.

  template <typename T>
  void operator()(std::vector<T>& values) const {
    if (block_input.allows(rows, sizeof(T))) read_array(block_input, values, values_count);
  }
  void operator()(Strings& values) const {
    if (!block_input.allows(rows, sizeof(std::size_t))) return;
    for (std::uint64_t i = 0; i < values_count; ++i) {
      const std::string_view text = block_input.input.text(kStringBytesMax, "a string");
      if (!block_input.allows(1, text.size())) return;
      values.append(text);
    }
  }
  void operator()(Dictionary& values) const { read_dictionary(block_input, values, rows); }
  void operator()(std::unique_ptr<Nullable>& values) const {
    (*this)(values->null);
    const auto is_flag = [](std::uint8_t flag) { return flag <= 1; };
    if (!std::all_of(values->null.begin(), values->null.end(), is_flag)) {
      return block_input.input.fail(ErrorKind::kCorrupt, "a null flag is neither 0 nor 1");
    }
    std::visit(*this, values->values);
  }
};

void read_sparse(BlockInput& block_input, ColumnData& data, std::uint64_t rows) {
  const std::vector<std::uint32_t> at = read_sparse_rows(block_input.input, rows);
  std::visit(ReadData{block_input, rows, at.size()}, data);
  if (!block_input.failed()) spread(data, at, rows);
}

/// Reads what the native protocol has between a column's type and its data.
bool read_is_sparse(InputBuffer& input, const ColumnData& data) {
  constexpr std::uint8_t kSparse = 1;
  const auto is_custom = input.number<std::uint8_t>();
  if (is_custom > 1) input.fail(ErrorKind::kCorrupt, "a serialization flag is neither 0 nor 1");
  const std::uint8_t kind = is_custom == 1 ? input.number<std::uint8_t>() : 0;
  if (kind > kSparse || (kind == kSparse && !can_be_sparse(data))) {
    input.fail(
        ErrorKind::kInvalidArgument,
        "it comes in serialization " + std::to_string(kind) +
            ", which is not known here for its type; convert it in the query, for example with toString()");
  }
  return kind == kSparse;
}

Column read_column(BlockInput& block_input, std::uint64_t rows, NativeForm form) {
  InputBuffer& input = block_input.input;
  Column column;
  column.name = input.text(kTypeNameBytesMax, "a column name");
  column.type = input.text(kTypeNameBytesMax, "a type name");
  if (input.failure()) return column;
  input.set_place("column '" + column.name + "'");
  if (auto data = empty_column(column.type); data) {
    column.data = std::move(data).value();
    const bool is_sparse = form == NativeForm::kProtocol && read_is_sparse(input, column.data);
    if (is_sparse && rows > 0) {
      read_sparse(block_input, column.data, rows);
    } else {
      std::visit(ReadData{block_input, rows, rows}, column.data);
    }
  } else {
    input.fail(data.error().kind, data.error().message);
  }
  input.set_place({});
  return column;
}

}  // namespace

NativeReader::NativeReader(ByteSource block_input, NativeForm form, std::uint64_t rows_max)
    : own_(std::make_unique<InputBuffer>(std::move(block_input), "Native format")),
      input_(own_.get()),
      form_(form),
      rows_max_(std::min(rows_max, kBlockRowsMax)) {}
NativeReader::NativeReader(InputBuffer& input, NativeForm form) : input_(&input), form_(form) {}
NativeReader::~NativeReader() = default;
NativeReader::NativeReader(NativeReader&&) noexcept = default;
NativeReader& NativeReader::operator=(NativeReader&&) noexcept = default;

Result<bool> NativeReader::next(Block& block) {
  InputBuffer& input = *input_;
  block = Block{};
  if (input.at_end() && !input.failure()) return false;
  const std::uint64_t columns = input.bounded(input.varint(), kBlockColumnsMax, "a column count");
  const std::uint64_t rows = input.bounded(input.varint(), rows_max_, "a row count");
  if (columns == 0 && rows > 0) input.fail(ErrorKind::kCorrupt, "a block has rows but no columns");
  BlockInput block_input{input};
  for (std::uint64_t i = 0; i < columns && !input.failure(); ++i) {
    Column column = read_column(block_input, rows, form_);
    if (!input.failure())
      block.add(std::move(column));
    else if (input.failure()->kind == ErrorKind::kInvalidArgument)
      unknown_type_ = {std::move(column.name), std::move(column.type)};
  }
  if (input.failure()) {
    block = Block{};
    return *input.failure();
  }
  return true;
}

}  // namespace optiinfra
