#include "optiinfra/codec/native.hpp"
#include "optiinfra/codec/output_buffer.hpp"

namespace optiinfra {
namespace {

template <typename T>
void write_array(OutputBuffer& output, std::span<const T> values) {
  output.raw(values.data(), values.size_bytes());
}

template <typename Index>
void write_indexes(OutputBuffer& output, std::span<const std::uint32_t> indexes) {
  std::vector<Index> narrow(indexes.begin(), indexes.end());
  write_array(output, std::span<const Index>(narrow));
}

void write_dictionary(OutputBuffer& output, const Dictionary& values) {
  if (values.size() == 0) return;
  constexpr std::uint64_t kVersion = 1, kHasAdditionalKeys = 0x200;
  const bool one_byte = values.key_count() <= 0x100, two_bytes = values.key_count() <= 0x1'0000;
  output.number<std::uint64_t>(kVersion);
  output.number(kHasAdditionalKeys | (one_byte ? 0u : two_bytes ? 1u : 2u));
  output.number<std::uint64_t>(values.key_count());
  for (std::size_t i = 0; i < values.key_count(); ++i) output.text(values.key(i));
  output.number<std::uint64_t>(values.size());
  if (one_byte) {
    write_indexes<std::uint8_t>(output, values.indexes());
  } else if (two_bytes) {
    write_indexes<std::uint16_t>(output, values.indexes());
  } else {
    write_array(output, values.indexes());
  }
}

struct WriteData {
  OutputBuffer& output;

  template <typename T>
  void operator()(const std::vector<T>& values) const {
    write_array(output, std::span<const T>(values));
  }
  void operator()(const std::vector<Uuid>& values) const {
    static_assert(sizeof(Uuid) == 16, "written as it lies: high half, then low half");
    write_array(output, std::span<const Uuid>(values));
  }
  void operator()(const Strings& values) const {
    for (std::size_t i = 0; i < values.size(); ++i) output.text(values[i]);
  }
  void operator()(const Dictionary& values) const { write_dictionary(output, values); }
  void operator()(const std::unique_ptr<Nullable>& values) const {
    write_array(output, std::span<const std::uint8_t>(values->null));
    std::visit(*this, values->values);
  }
};

}  // namespace

void write_native(const Block& block, OutputBuffer& output, NativeForm form) {
  constexpr std::uint8_t kPlainSerialization = 0;
  output.varint(block.columns().size());
  output.varint(block.row_count());
  for (const Column& column : block.columns()) {
    output.text(column.name);
    output.text(column.type);
    if (form == NativeForm::kProtocol) output.number(kPlainSerialization);
    std::visit(WriteData{output}, column.data);
  }
}

Result<void> write_native(const Block& block, const ByteSink& sink, NativeForm form) {
  OutputBuffer output([&sink](std::span<const std::byte> bytes) { return sink(bytes); });
  write_native(block, output, form);
  return output.flush();
}

}  // namespace optiinfra
