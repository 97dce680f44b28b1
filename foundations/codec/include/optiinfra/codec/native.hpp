/// @file optiinfra/codec/native.hpp
/// Blocks to and from the engine's Native format (docs/formats/native.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/codec/byte_stream.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Limits on what a decoder takes from outside, checked before memory is taken.
inline constexpr std::uint64_t kBlockRowsMax = std::uint64_t{1} << 26;
inline constexpr std::uint64_t kBlockColumnsMax = 4096;
inline constexpr std::uint64_t kStringBytesMax = std::uint64_t{1} << 30;
/// Most memory of one block. A few bytes of input can stand for many: compressed ones, and sparse columns,
/// which leave out default values.
inline constexpr std::uint64_t kBlockBytesMax = std::uint64_t{1} << 30;

/// Where blocks travel: in the native protocol each column's heading has more fields than in files and HTTP.
enum class NativeForm {
  kFile,      ///< Files, HTTP, the embedded engine.
  kProtocol,  ///< The native protocol from revision 54454: a serialization byte follows each column's type.
};

class InputBuffer;
class OutputBuffer;

/// Writes `block` to `sink`. Columns of fixed width go to the sink without a copy; small pieces are gathered
/// first. A block without rows writes its columns' names and types.
/// Errors: only those of `sink`.
Result<void> write_native(const Block& block, const ByteSink& sink, NativeForm form = NativeForm::kFile);

/// The same, appended to `output` and buffered there; its flush() returns the errors.
void write_native(const Block& block, OutputBuffer& output, NativeForm form);

/// Reads blocks one after the other. Memory stays near the size of one block.
///
/// Threads: one at a time. Errors: kCorrupt with the byte offset for anything that is not a whole
/// valid block, kTooLarge for a size over a limit, kInvalidArgument for a type without a layout
/// here, and those of the source. After an error every further call repeats it.
class NativeReader {
 public:
  /// `rows_max`: most rows of a block, for a caller that takes fewer than kBlockRowsMax.
  explicit NativeReader(ByteSource source, NativeForm form = NativeForm::kFile,
                        std::uint64_t rows_max = kBlockRowsMax);

  /// Reads from `input`, which must outlive it, and takes exactly the blocks that it returns: other readers
  /// take what stands between them. An error becomes `input`'s failure too, and ends the stream for all its
  /// readers.
  NativeReader(InputBuffer& input, NativeForm form);
  ~NativeReader();
  NativeReader(NativeReader&&) noexcept;
  NativeReader& operator=(NativeReader&&) noexcept;

  /// Reads the next block into `block`, replacing what it held. False at the end of the input.
  Result<bool> next(Block& block);

  /// A column as it was named, and its type.
  struct NamedType {
    std::string column, type;
  };

  /// The column whose type ended the reading with kInvalidArgument; nothing before, and after other errors.
  const std::optional<NamedType>& unknown_type() const noexcept { return unknown_type_; }

 private:
  std::unique_ptr<InputBuffer> own_;
  InputBuffer* input_;
  NativeForm form_;
  std::uint64_t rows_max_ = kBlockRowsMax;
  std::optional<NamedType> unknown_type_;
};

}  // namespace optiinfra
