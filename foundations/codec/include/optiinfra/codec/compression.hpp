/// @file optiinfra/codec/compression.hpp
/// The engine's compressed frames (docs/formats/compressed_frames.md), as the native protocol and HTTP's
/// `compress=1` and `decompress=1` carry them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "optiinfra/codec/byte_stream.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

class InputBuffer;

enum class Compression {
  kNone,  ///< In a frame: stored uncompressed, with a checksum.
  kLz4,
  kZstd,
};

/// Bytes of one frame before compression, as the writer cuts them.
inline constexpr std::size_t kFrameBytes = std::size_t{1} << 20;

/// The largest frame that a reader takes, compressed or not; checked before memory is taken.
inline constexpr std::size_t kFrameBytesMax = std::size_t{1} << 30;

/// Cuts the bytes that it receives into frames and hands each to `sink`. A frame need not end with a block.
/// Threads: one at a time. Errors: those of the sink; after one, nothing more is written.
class FrameWriter {
 public:
  FrameWriter(Compression compression, ByteSink sink);
  ~FrameWriter();
  FrameWriter(FrameWriter&&) noexcept;
  FrameWriter& operator=(FrameWriter&&) noexcept;

  Result<void> write(std::span<const std::byte> bytes);

  /// Sends the bytes that it holds back. The writer may be used further.
  Result<void> flush();

 private:
  class Output;
  std::unique_ptr<Output> output_;
};

/// A ByteSource of the bytes inside the frames of `source`. It verifies the checksum of a frame before it
/// gives any of its bytes, and reads exactly whole frames from `source`.
/// Threads: one at a time. Errors: kCorrupt with the byte offset for a wrong checksum, an unknown method, a
/// payload that does not decompress to the size stated or an end inside a frame; kTooLarge for a size over
/// kFrameBytesMax; those of the source. After an error every further call repeats it.
class FrameReader {
 public:
  explicit FrameReader(ByteSource source);

  /// Reads from `input`, which must outlive it: on a connection, other readers take packets from it between
  /// frames. An error becomes `input`'s failure too.
  explicit FrameReader(InputBuffer& input);
  ~FrameReader();
  FrameReader(FrameReader&&) noexcept;
  FrameReader& operator=(FrameReader&&) noexcept;

  /// Fills part of `buffer`; 0 means the end of the input, at the end of a frame.
  Result<std::size_t> read(std::span<std::byte> buffer);

 private:
  class Input;
  std::unique_ptr<Input> input_;
};

}  // namespace optiinfra
