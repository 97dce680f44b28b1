// Any bytes: a block or an error, never a crash, a hang or memory out of proportion.
// What decodes is written again and must decode to the same number of rows.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "optiinfra/codec/native.hpp"

namespace {

optiinfra::ByteSource source_of(std::span<const std::byte> bytes) {
  return [bytes](std::span<std::byte> into) mutable -> optiinfra::Result<std::size_t> {
    const std::size_t step = std::min(into.size(), bytes.size());
    std::memcpy(into.data(), bytes.data(), step);
    bytes = bytes.subspan(step);
    return step;
  };
}

void expect_same_after_rewriting(const optiinfra::Block& block) {
  std::vector<std::byte> written;
  const auto sink = [&written](std::span<const std::byte> bytes) -> optiinfra::Result<void> {
    written.insert(written.end(), bytes.begin(), bytes.end());
    return {};
  };
  if (!optiinfra::write_native(block, sink)) std::abort();
  optiinfra::NativeReader reader(source_of(written));
  optiinfra::Block again;
  const auto read = reader.next(again);
  if (!read || !*read || again.row_count() != block.row_count()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  optiinfra::NativeReader reader(source_of(std::as_bytes(std::span(data, size))));
  optiinfra::Block block;
  while (true) {
    const auto read = reader.next(block);
    if (!read || !*read) return 0;
    if (!block.columns().empty()) expect_same_after_rewriting(block);
  }
}
