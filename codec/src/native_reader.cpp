#include <algorithm>
#include <cstring>

#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/type.hpp"

namespace optiinfra {
namespace {

constexpr std::size_t kInputBufferBytes = 64 << 10;
/// Arrays grow by at most this much ahead of the bytes that fill them, so that a false row count
/// costs no memory.
constexpr std::size_t kGrowBytes = 1 << 20;

}  // namespace

/// Bytes with a position. The first failure is kept: what is read after it is zero.
class NativeReader::Input {
 public:
  explicit Input(ByteSource source) : source_(std::move(source)), buffer_(kInputBufferBytes) {}

  const std::optional<Error>& failure() const { return failure_; }

  void fail(ErrorKind kind, const std::string& what) {
    if (failure_) return;
    failure_ = Error{kind, "Native format, byte " + std::to_string(offset_) + place_ + ": " + what};
  }

  /// Where the reader is, for the message of a failure; empty between columns.
  void set_place(std::string place) { place_ = std::move(place); }

  bool at_end() {
    if (begin_ == end_) refill();
    return begin_ == end_;
  }

  void raw(void* into, std::size_t size) {
    auto* out = static_cast<std::byte*>(into);
    while (size > 0) {
      if (failure_ || at_end()) {
        fail(ErrorKind::kCorrupt, "the input ends inside a block");
        std::memset(out, 0, size);
        return;
      }
      const std::size_t step = std::min(size, end_ - begin_);
      std::memcpy(out, buffer_.data() + begin_, step);
      begin_ += step, offset_ += step, out += step, size -= step;
    }
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      unsigned char byte = 0;
      raw(&byte, 1);
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    // Nine bytes hold 63 bits; no count or length that is accepted needs more.
    fail(ErrorKind::kCorrupt, "a number takes more than 9 bytes");
    return 0;
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    raw(&value, sizeof value);
    return value;
  }

  /// A length under `limit`; 0 after a failure.
  std::uint64_t bounded(std::uint64_t value, std::uint64_t limit, const char* what) {
    if (value > limit) {
      fail(ErrorKind::kTooLarge, std::string(what) + " of " + std::to_string(value) +
                                     " is over the limit of " + std::to_string(limit));
    }
    return failure_ ? 0 : value;
  }

  /// Reads a string into the scratch buffer, valid until the next call.
  std::string_view text(std::uint64_t limit, const char* what) {
    std::uint64_t size = bounded(varint(), limit, what);
    scratch_.clear();
    while (size > 0 && !failure_) {
      const std::size_t step = std::min<std::uint64_t>(size, kGrowBytes), begin = scratch_.size();
      scratch_.resize(begin + step);
      raw(scratch_.data() + begin, step);
      size -= step;
    }
    return scratch_;
  }

  template <typename T>
  void array(std::vector<T>& values, std::uint64_t rows) {
    values.clear();
    while (rows > 0 && !failure_) {
      const std::size_t step = std::min<std::uint64_t>(rows, kGrowBytes / sizeof(T)), begin = values.size();
      values.resize(begin + step);
      raw(values.data() + begin, step * sizeof(T));
      rows -= step;
    }
  }

 private:
  void refill() {
    if (failure_ || ended_) return;
    auto read = source_(buffer_);
    if (!read) {
      failure_ = std::move(read).error();
      return;
    }
    begin_ = 0, end_ = *read, ended_ = *read == 0;
  }

  ByteSource source_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = false;
  std::string scratch_;
  std::string place_;
  std::optional<Error> failure_;
};

namespace {

template <typename Input, typename Index>
void read_indexes(Input& input, Dictionary& values, std::span<const std::uint32_t> keys, std::uint64_t rows) {
  std::vector<Index> indexes;
  input.array(indexes, rows);
  if (input.failure()) return;
  values.reserve(rows);
  for (const Index index : indexes) {
    if (index >= keys.size())
      return input.fail(ErrorKind::kCorrupt, "a dictionary index points past its keys");
    values.append_index(keys[index]);
  }
}

template <typename Input>
void read_dictionary(Input& input, Dictionary& values, std::uint64_t rows) {
  if (rows == 0) return;
  constexpr std::uint64_t kVersion = 1, kWidthMask = 0xFF, kHasKeys = 0x200, kUpdatesKeys = 0x400;
  if (input.number() != kVersion)
    return input.fail(ErrorKind::kCorrupt, "unknown version of a LowCardinality column");
  const std::uint64_t flags = input.number();
  if ((flags & ~(kWidthMask | kUpdatesKeys)) != kHasKeys) {
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column does not bring keys of its own");
  }
  const std::uint64_t key_count = input.bounded(input.number(), kBlockRowsMax, "a dictionary");
  std::vector<std::uint32_t> keys;
  for (std::uint64_t i = 0; i < key_count && !input.failure(); ++i) {
    keys.push_back(values.intern(input.text(kStringBytesMax, "a string")));
  }
  if (input.number() != rows)
    return input.fail(ErrorKind::kCorrupt, "a LowCardinality column differs in rows from its block");
  switch (flags & kWidthMask) {
    case 0:
      return read_indexes<Input, std::uint8_t>(input, values, keys, rows);
    case 1:
      return read_indexes<Input, std::uint16_t>(input, values, keys, rows);
    case 2:
      return read_indexes<Input, std::uint32_t>(input, values, keys, rows);
    case 3:
      return read_indexes<Input, std::uint64_t>(input, values, keys, rows);
    default:
      return input.fail(ErrorKind::kCorrupt, "unknown index width of a LowCardinality column");
  }
}

template <typename Input>
struct ReadData {
  Input& input;
  std::uint64_t rows;

  template <typename T>
  void operator()(std::vector<T>& values) const {
    input.array(values, rows);
  }
  void operator()(Strings& values) const {
    for (std::uint64_t i = 0; i < rows && !input.failure(); ++i)
      values.append(input.text(kStringBytesMax, "a string"));
  }
  void operator()(Dictionary& values) const { read_dictionary(input, values, rows); }
  void operator()(std::unique_ptr<Nullable>& values) const {
    input.array(values->null, rows);
    const auto is_flag = [](std::uint8_t flag) { return flag <= 1; };
    if (!std::all_of(values->null.begin(), values->null.end(), is_flag)) {
      return input.fail(ErrorKind::kCorrupt, "a null flag is neither 0 nor 1");
    }
    std::visit(*this, values->values);
  }
};

template <typename Input>
Column read_column(Input& input, std::uint64_t rows) {
  Column column;
  column.name = input.text(kTypeNameBytesMax, "a column name");
  column.type = input.text(kTypeNameBytesMax, "a type name");
  if (input.failure()) return column;
  input.set_place(", column '" + column.name + "'");
  if (auto data = empty_column(column.type); data) {
    column.data = std::move(data).value();
    std::visit(ReadData<Input>{input, rows}, column.data);
  } else {
    input.fail(data.error().kind, data.error().message);
  }
  input.set_place({});
  return column;
}

}  // namespace

NativeReader::NativeReader(ByteSource source) : input_(std::make_unique<Input>(std::move(source))) {}
NativeReader::~NativeReader() = default;
NativeReader::NativeReader(NativeReader&&) noexcept = default;
NativeReader& NativeReader::operator=(NativeReader&&) noexcept = default;

Result<bool> NativeReader::next(Block& block) {
  Input& input = *input_;
  block = Block{};
  if (!input.failure() && input.at_end() && !input.failure()) return false;
  const std::uint64_t columns = input.bounded(input.varint(), kBlockColumnsMax, "a column count");
  const std::uint64_t rows = input.bounded(input.varint(), kBlockRowsMax, "a row count");
  if (columns == 0 && rows > 0) input.fail(ErrorKind::kCorrupt, "a block has rows but no columns");
  for (std::uint64_t i = 0; i < columns && !input.failure(); ++i) {
    Column column = read_column(input, rows);
    if (!input.failure()) block.add(std::move(column));
  }
  if (input.failure()) {
    block = Block{};
    return *input.failure();
  }
  return true;
}

}  // namespace optiinfra
