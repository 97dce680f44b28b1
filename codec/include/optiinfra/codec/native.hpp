/// @file optiinfra/codec/native.hpp
/// Blocks to and from the engine's Native format (docs/formats/native.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Limits on what a decoder takes from outside, checked before memory is taken.
inline constexpr std::uint64_t kBlockRowsMax = std::uint64_t{1} << 26;
inline constexpr std::uint64_t kBlockColumnsMax = 4096;
inline constexpr std::uint64_t kStringBytesMax = std::uint64_t{1} << 30;

/// Where blocks travel: the native protocol has more in each column's heading than files and HTTP.
enum class NativeForm {
  kFile,      ///< Files, HTTP, the embedded engine.
  kProtocol,  ///< The native protocol from revision 54454: a serialization byte follows each column's type.
};

/// Takes encoded bytes, valid only during the call.
using ByteSink = std::function<Result<void>(std::span<const std::byte>)>;

/// Fills part of the buffer and returns how many bytes it gave; 0 means the end of the input.
using ByteSource = std::function<Result<std::size_t>(std::span<std::byte>)>;

/// Writes `block` to `sink`. Columns of fixed width go to the sink straight from where they lie;
/// small pieces are gathered first. A block without rows writes its columns' names and types.
/// Errors: only those of `sink`.
Result<void> write_native(const Block& block, const ByteSink& sink);

/// Reads blocks one after the other. Memory stays near the size of one block.
///
/// Threads: one at a time. Errors: kCorrupt with the byte offset for anything that is not a whole
/// valid block, kTooLarge for a size over a limit, kInvalidArgument for a type without a layout
/// here, and those of the source. After an error the reader stays at it: every further call repeats it.
class NativeReader {
 public:
  explicit NativeReader(ByteSource source);
  ~NativeReader();
  NativeReader(NativeReader&&) noexcept;
  NativeReader& operator=(NativeReader&&) noexcept;

  /// Reads the next block into `block`, replacing what it held. False at the end of the input.
  Result<bool> next(Block& block);

 private:
  class Input;
  std::unique_ptr<Input> input_;
};

}  // namespace optiinfra
