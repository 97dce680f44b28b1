// Any bytes: a block or an error, never a crash, a hang or memory out of proportion.
// What decodes is written, read and written again, and both writings must be the same bytes.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "optiinfra/codec/native.hpp"

namespace {

using Bytes = std::vector<std::byte>;

optiinfra::ByteSource source_of(std::span<const std::byte> bytes) {
  return [bytes](std::span<std::byte> into) mutable -> optiinfra::Result<std::size_t> {
    const std::size_t step = std::min(into.size(), bytes.size());
    if (step > 0) std::memcpy(into.data(), bytes.data(), step);
    bytes = bytes.subspan(step);
    return step;
  };
}

Bytes written(const optiinfra::Block& block) {
  Bytes result;
  const auto sink = [&result](std::span<const std::byte> bytes) -> optiinfra::Result<void> {
    result.insert(result.end(), bytes.begin(), bytes.end());
    return {};
  };
  if (!optiinfra::write_native(block, sink)) std::abort();
  return result;
}

void expect_same_after_rewriting(const optiinfra::Block& block) {
  const Bytes once = written(block);
  optiinfra::NativeReader reader(source_of(once));
  optiinfra::Block again;
  const auto read = reader.next(again);
  if (!read || !*read || written(again) != once) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  optiinfra::NativeReader reader(source_of(std::as_bytes(std::span(data, size))));
  optiinfra::Block block;
  while (true) {
    const auto read = reader.next(block);
    if (!read || !*read) return 0;
    expect_same_after_rewriting(block);
  }
}
