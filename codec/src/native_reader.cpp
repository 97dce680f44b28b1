#include <algorithm>

#include "optiinfra/codec/input_buffer.hpp"
#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/type.hpp"

namespace optiinfra {
namespace {

/// Arrays grow by at most this much ahead of the bytes that fill them, so that a false row count
/// costs no memory.
constexpr std::size_t kGrowBytes = 1 << 20;

template <typename T>
void read_array(InputBuffer& input, std::vector<T>& values, std::uint64_t rows) {
  values.clear();
  while (rows > 0 && !input.failure()) {
    const std::size_t step = std::min<std::uint64_t>(rows, kGrowBytes / sizeof(T)), begin = values.size();
    values.resize(begin + step);
    input.raw(values.data() + begin, step * sizeof(T));
    rows -= step;
  }
}

template <typename Index>
void read_indexes(InputBuffer& input, Dictionary& values, std::span<const std::uint32_t> keys,
                  std::uint64_t rows) {
  std::vector<Index> indexes;
  read_array(input, indexes, rows);
  if (input.failure()) return;
  values.reserve(rows);
  for (const Index index : indexes) {
    if (index >= keys.size())
      return input.fail(ErrorKind::kCorrupt, "a dictionary index points past its keys");
    values.append_index(keys[index]);
  }
}

void read_dictionary(InputBuffer& input, Dictionary& values, std::uint64_t rows) {
  if (rows == 0) return;
  constexpr std::uint64_t kVersion = 1, kWidthMask = 0xFF, kHasKeys = 0x200, kUpdatesKeys = 0x400;
  if (input.number<std::uint64_t>() != kVersion)
    return input.fail(ErrorKind::kCorrupt, "unknown version of a LowCardinality column");
  const std::uint64_t flags = input.number<std::uint64_t>();
  if ((flags & ~(kWidthMask | kUpdatesKeys)) != kHasKeys) {
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column does not bring keys of its own");
  }
  const std::uint64_t key_count = input.bounded(input.number<std::uint64_t>(), kBlockRowsMax, "a dictionary");
  std::vector<std::uint32_t> keys;
  for (std::uint64_t i = 0; i < key_count && !input.failure(); ++i) {
    keys.push_back(values.intern(input.text(kStringBytesMax, "a string")));
  }
  if (input.number<std::uint64_t>() != rows)
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column differs in rows from its block");
  switch (flags & kWidthMask) {
    case 0:
      return read_indexes<std::uint8_t>(input, values, keys, rows);
    case 1:
      return read_indexes<std::uint16_t>(input, values, keys, rows);
    case 2:
      return read_indexes<std::uint32_t>(input, values, keys, rows);
    case 3:
      return read_indexes<std::uint64_t>(input, values, keys, rows);
    default:
      return input.fail(ErrorKind::kCorrupt, "unknown index width of a LowCardinality column");
  }
}

struct ReadData {
  InputBuffer& input;
  std::uint64_t rows;

  template <typename T>
  void operator()(std::vector<T>& values) const {
    read_array(input, values, rows);
  }
  void operator()(Strings& values) const {
    for (std::uint64_t i = 0; i < rows && !input.failure(); ++i)
      values.append(input.text(kStringBytesMax, "a string"));
  }
  void operator()(Dictionary& values) const { read_dictionary(input, values, rows); }
  void operator()(std::unique_ptr<Nullable>& values) const {
    read_array(input, values->null, rows);
    const auto is_flag = [](std::uint8_t flag) { return flag <= 1; };
    if (!std::all_of(values->null.begin(), values->null.end(), is_flag)) {
      return input.fail(ErrorKind::kCorrupt, "a null flag is neither 0 nor 1");
    }
    std::visit(*this, values->values);
  }
};

/// The byte that the native protocol has between a column's type and its data.
void read_serialization(InputBuffer& input) {
  if (input.number<std::uint8_t>() != 0)
    input.fail(ErrorKind::kInvalidArgument, "a column in a serialization that is not known here");
}

Column read_column(InputBuffer& input, std::uint64_t rows, NativeForm form) {
  Column column;
  column.name = input.text(kTypeNameBytesMax, "a column name");
  column.type = input.text(kTypeNameBytesMax, "a type name");
  if (input.failure()) return column;
  input.set_place("column '" + column.name + "'");
  if (form == NativeForm::kProtocol) read_serialization(input);
  if (auto data = empty_column(column.type); data) {
    column.data = std::move(data).value();
    std::visit(ReadData{input, rows}, column.data);
  } else {
    input.fail(data.error().kind, data.error().message);
  }
  input.set_place({});
  return column;
}

}  // namespace

NativeReader::NativeReader(ByteSource source, NativeForm form)
    : own_(std::make_unique<InputBuffer>(std::move(source), "Native format")),
      input_(own_.get()),
      form_(form) {}
NativeReader::NativeReader(InputBuffer& input, NativeForm form) : input_(&input), form_(form) {}
NativeReader::~NativeReader() = default;
NativeReader::NativeReader(NativeReader&&) noexcept = default;
NativeReader& NativeReader::operator=(NativeReader&&) noexcept = default;

Result<bool> NativeReader::next(Block& block) {
  InputBuffer& input = *input_;
  block = Block{};
  if (input.at_end() && !input.failure()) return false;
  const std::uint64_t columns = input.bounded(input.varint(), kBlockColumnsMax, "a column count");
  const std::uint64_t rows = input.bounded(input.varint(), kBlockRowsMax, "a row count");
  if (columns == 0 && rows > 0) input.fail(ErrorKind::kCorrupt, "a block has rows but no columns");
  for (std::uint64_t i = 0; i < columns && !input.failure(); ++i) {
    Column column = read_column(input, rows, form_);
    if (!input.failure()) block.add(std::move(column));
  }
  if (input.failure()) {
    block = Block{};
    return *input.failure();
  }
  return true;
}

}  // namespace optiinfra
