/// Checks that a file compressed with zstd is whole. The engine (26.7) reads a file that was cut off without
/// an error, so this walks the frames; the engine checks the other kinds of compression itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Fills the buffer with the bytes from an offset on, and returns how many there were.
using ReadAt = std::function<Result<std::size_t>(std::uint64_t offset, std::span<unsigned char> into)>;

/// Reads the headers of all frames and blocks (RFC 8878, section 3.1) and passes over their contents.
/// Errors: kInvalidArgument when the last frame does not end with the file, or there is none.
Result<void> expect_whole_zstd(std::uint64_t size_bytes, const ReadAt& read_at);

}  // namespace optiinfra
