#include <bit>
#include <cstring>

#include "optiinfra/codec/native.hpp"

namespace optiinfra {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the Native format is little-endian, written as it lies");

/// Gathers small pieces; hands large ones to the sink where they lie.
class Output {
 public:
  explicit Output(const ByteSink& sink) : sink_(sink) { buffer_.reserve(kGatherBytes); }

  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      byte(static_cast<unsigned char>(value | 0x80));
      value >>= 7;
    }
    byte(static_cast<unsigned char>(value));
  }

  void text(std::string_view value) {
    varint(value.size());
    raw(value.data(), value.size());
  }

  template <typename T>
  void array(std::span<const T> values) {
    raw(values.data(), values.size_bytes());
  }

  void number(std::uint64_t value) { raw(&value, sizeof value); }

  void raw(const void* data, std::size_t size) {
    if (size >= kGatherBytes) {
      flush();
      send({static_cast<const std::byte*>(data), size});
      return;
    }
    if (buffer_.size() + size > kGatherBytes) flush();
    const auto* bytes = static_cast<const std::byte*>(data);
    buffer_.insert(buffer_.end(), bytes, bytes + size);
  }

  Result<void> finish() {
    flush();
    return std::move(status_);
  }

 private:
  static constexpr std::size_t kGatherBytes = 64 << 10;

  void byte(unsigned char value) {
    if (buffer_.size() == kGatherBytes) flush();
    buffer_.push_back(static_cast<std::byte>(value));
  }

  void flush() {
    if (!buffer_.empty()) send(buffer_);
    buffer_.clear();
  }

  void send(std::span<const std::byte> bytes) {
    if (status_) status_ = sink_(bytes);
  }

  const ByteSink& sink_;
  std::vector<std::byte> buffer_;
  Result<void> status_;
};

template <typename Index>
void write_indexes(Output& output, std::span<const std::uint32_t> indexes) {
  std::vector<Index> narrow(indexes.begin(), indexes.end());
  output.array(std::span<const Index>(narrow));
}

void write_dictionary(Output& output, const Dictionary& values) {
  if (values.size() == 0) return;
  constexpr std::uint64_t kVersion = 1, kHasAdditionalKeys = 0x200;
  const bool one_byte = values.key_count() <= 0x100, two_bytes = values.key_count() <= 0x1'0000;
  output.number(kVersion);
  output.number(kHasAdditionalKeys | (one_byte ? 0u : two_bytes ? 1u : 2u));
  output.number(values.key_count());
  for (std::size_t i = 0; i < values.key_count(); ++i) output.text(values.key(i));
  output.number(values.size());
  if (one_byte) {
    write_indexes<std::uint8_t>(output, values.indexes());
  } else if (two_bytes) {
    write_indexes<std::uint16_t>(output, values.indexes());
  } else {
    output.array(values.indexes());
  }
}

struct WriteData {
  Output& output;

  template <typename T>
  void operator()(const std::vector<T>& values) const {
    output.array(std::span<const T>(values));
  }
  void operator()(const std::vector<Uuid>& values) const {
    static_assert(sizeof(Uuid) == 16, "written as it lies: high half, then low half");
    output.array(std::span<const Uuid>(values));
  }
  void operator()(const Strings& values) const {
    for (std::size_t i = 0; i < values.size(); ++i) output.text(values[i]);
  }
  void operator()(const Dictionary& values) const { write_dictionary(output, values); }
  void operator()(const std::unique_ptr<Nullable>& values) const {
    output.array(std::span<const std::uint8_t>(values->null));
    std::visit(*this, values->values);
  }
};

}  // namespace

Result<void> write_native(const Block& block, const ByteSink& sink) {
  Output output(sink);
  output.varint(block.columns().size());
  output.varint(block.row_count());
  for (const Column& column : block.columns()) {
    output.text(column.name);
    output.text(column.type);
    std::visit(WriteData{output}, column.data);
  }
  return output.finish();
}

}  // namespace optiinfra
