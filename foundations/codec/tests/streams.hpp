// Sinks and sources in memory, for the codec's tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "optiinfra/codec/byte_stream.hpp"
#include "optiinfra/codec/compression.hpp"
#include "samples.hpp"

namespace optiinfra::testing {

inline constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();

/// Appends what it takes to `bytes`.
inline ByteSink sink_to(Bytes& bytes) {
  return [&bytes](std::span<const std::byte> piece) -> Result<void> {
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    return {};
  };
}

/// Gives `bytes`, up to `piece_bytes` a call, and ends. They must outlive it.
inline ByteSource source_of(const Bytes& bytes, std::size_t piece_bytes = kWhole) {
  return [left = std::span(bytes), piece_bytes](std::span<std::byte> into) mutable -> Result<std::size_t> {
    const std::size_t step = std::min({into.size(), piece_bytes, left.size()});
    std::copy_n(left.begin(), step, into.begin());
    left = left.subspan(step);
    return step;
  };
}

/// As source_of, but fails where `bytes` end: a peer that has sent all it had is still there, and a read
/// would then block.
inline ByteSource blocking_source(const Bytes& bytes, std::size_t piece_bytes = kWhole) {
  return [source = source_of(bytes, piece_bytes)](std::span<std::byte> into) -> Result<std::size_t> {
    auto given = source(into);
    if (given && *given == 0) return Error{ErrorKind::kTimeout, "read past what was sent"};
    return given;
  };
}

/// `bytes` in frames, written in pieces of `piece_bytes`.
inline Bytes in_frames(Compression compression, std::span<const std::byte> bytes,
                       std::size_t piece_bytes = kWhole) {
  Bytes frames;
  FrameWriter writer(compression, sink_to(frames));
  while (!bytes.empty()) {
    const std::size_t step = std::min(piece_bytes, bytes.size());
    if (!writer.write(bytes.first(step))) return {};
    bytes = bytes.subspan(step);
  }
  return writer.flush() ? frames : Bytes{};
}

/// What is in `frames`, read in pieces of `piece_bytes`.
inline Result<Bytes> from_frames(const Bytes& frames, std::size_t piece_bytes = 4096) {
  FrameReader reader(source_of(frames));
  Bytes result, piece(piece_bytes);
  while (true) {
    OPTIINFRA_TRY(const std::size_t given, reader.read(piece));
    if (given == 0) return result;
    result.insert(result.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(given));
  }
}

/// Bytes that compress a little, so that frames are neither tiny nor stored.
inline Bytes telemetry(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    state = state * 1664525 + 1013904223;
    bytes[i] = static_cast<std::byte>(i % 4 == 0 ? state >> 24 : i >> 10);
  }
  return bytes;
}

}  // namespace optiinfra::testing
