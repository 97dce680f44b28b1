// Any bytes: a block or an error, never a crash, a hang or memory out of proportion.
// What decodes is written, read and written again, and both writings must be the same bytes.
#include "rewriting.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr auto kForm = optiinfra::NativeForm::kFile;
  optiinfra::NativeReader reader(optiinfra::fuzz::source_of(std::as_bytes(std::span(data, size))), kForm);
  optiinfra::Block block;
  while (true) {
    const auto read = reader.next(block);
    if (!read || !*read) return 0;
    optiinfra::fuzz::expect_same_after_rewriting(block, kForm);
  }
}
