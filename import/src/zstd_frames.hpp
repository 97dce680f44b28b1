/// Whether a file compressed with zstd is whole. The engine reads what is there of a file that was cut off
/// and says nothing (26.7), so the frames are walked here; the other kinds of compression it checks itself.
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
