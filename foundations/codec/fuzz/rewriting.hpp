// What decodes must survive being written and read again.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "optiinfra/codec/native.hpp"

namespace optiinfra::fuzz {

using Bytes = std::vector<std::byte>;

inline ByteSource source_of(std::span<const std::byte> bytes) {
  return [bytes](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t step = std::min(into.size(), bytes.size());
    if (step > 0) std::memcpy(into.data(), bytes.data(), step);
    bytes = bytes.subspan(step);
    return step;
  };
}

inline ByteSink sink_to(Bytes& bytes) {
  return [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
}

inline Bytes written(const Block& block, NativeForm form) {
  Bytes result;
  if (!write_native(block, sink_to(result), form)) std::abort();
  return result;
}

/// Written, read and written again, both writings must be the same bytes.
inline void expect_same_after_rewriting(const Block& block, NativeForm form) {
  const Bytes once = written(block, form);
  NativeReader reader(source_of(once), form);
  Block again;
  const auto read = reader.next(again);
  if (!read || !*read || written(again, form) != once) std::abort();
}

}  // namespace optiinfra::fuzz
