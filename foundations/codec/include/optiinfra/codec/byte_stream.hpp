/// @file optiinfra/codec/byte_stream.hpp
/// Destinations and sources of encoded bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Takes encoded bytes, valid only during the call.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

/// Fills part of the buffer and returns how many bytes it gave; 0 means the end of the input. A source
/// that can block gives the bytes that are there, and blocks only while there are none.
using ByteSource = std::function<Result<std::size_t>(std::span<std::byte>)>;

}  // namespace optiinfra
