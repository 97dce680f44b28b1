// What a compressed frame begins with, shared by the writer and the reader of frames.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace optiinfra {

inline constexpr std::size_t kChecksumBytes = 16;
/// Method, compressed size with these bytes, size before compression.
inline constexpr std::size_t kFrameHeaderBytes = 9;
inline constexpr std::size_t kFramePrefixBytes = kChecksumBytes + kFrameHeaderBytes;

enum class FrameMethod : std::uint8_t { kNone = 0x02, kLz4 = 0x82, kZstd = 0x90 };

}  // namespace optiinfra
