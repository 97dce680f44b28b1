// The same for Native in the form of the protocol, whose sparse columns make many rows of few bytes: rows
// are bounded here, so that the time goes into decoding.
#include "optiinfra/codec/input_buffer.hpp"
#include "rewriting.hpp"

namespace {

constexpr std::uint64_t kRowsMax = 4096;

bool has_few_rows(std::span<const std::byte> bytes) {
  optiinfra::InputBuffer input(optiinfra::fuzz::source_of(bytes), "fuzz");
  input.varint();
  return input.varint() <= kRowsMax;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr auto kForm = optiinfra::NativeForm::kProtocol;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (!has_few_rows(bytes)) return 0;
  optiinfra::NativeReader reader(optiinfra::fuzz::source_of(bytes), kForm);
  optiinfra::Block block;
  const auto read = reader.next(block);
  if (read && *read) optiinfra::fuzz::expect_same_after_rewriting(block, kForm);
  return 0;
}
