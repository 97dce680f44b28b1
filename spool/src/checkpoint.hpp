/// The file `checkpoint`: which records are acknowledged, which segments must exist, and which names are
/// used.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "format.hpp"
#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::spool {

inline constexpr std::size_t kCheckpointSlotBytes = 64 << 10;
inline constexpr std::string_view kCheckpointName = "checkpoint";
inline constexpr std::string_view kCheckpointSpareName = "checkpoint.new";

/// CheckpointSegment::last of a segment that still grows.
inline constexpr Sequence kStillGrowing = ~Sequence{0};

struct CheckpointSegment {
  std::uint64_t number = 0;
  Sequence first = 0;
  Sequence last = 0;  ///< first - 1 when it holds no record.
  bool damaged = false;
};

struct SequenceRange {
  Sequence first = 0;
  Sequence last = 0;  ///< Belongs to it.
};

struct Checkpoint {
  Uuid identity = {};
  std::uint64_t counter = 0;       ///< The larger one of two slots is the later.
  std::uint64_t run = 0;           ///< Upper 32 bits of the first sequence of the last opening.
  std::uint64_t last_segment = 0;  ///< One that is not listed and whose number is not larger is done.
  Sequence durable = 0;
  bool closed = false;
  std::vector<CheckpointSegment> segments = {};  ///< Those that hold, or may get, records that are not done.
  std::vector<SequenceRange> acknowledged = {};  ///< Within these segments, ascending.
};

/// Room for as many ranges as a slot can take in addition to the segments; further ones are left out, and
/// their records replayed after a crash.
std::vector<std::byte> encode(const Checkpoint& checkpoint);

/// Nothing when the bytes are not a whole checkpoint. For a newer version `newer` gets its version.
std::optional<Checkpoint> decode_checkpoint(Bytes slot, std::optional<std::uint32_t>& newer);

/// Two slots in one file, written in turn and in place: a write that is cut off leaves the other, and none
/// needs room on a disk that is full.
class CheckpointFile {
 public:
  struct Loaded {
    std::unique_ptr<CheckpointFile> file;
    std::optional<Checkpoint> checkpoint;  ///< Nothing when neither slot is readable.
    bool damaged_slot = false;             ///< One that is neither empty nor readable.
  };

  /// Opens the one in `folder`. Errors: kIncompatible for a newer version; kStorage.
  static Result<Loaded> load(FileSystem& files, const std::filesystem::path& folder);

  /// Creates a file with `checkpoint`, which replaces any other.
  static Result<std::unique_ptr<CheckpointFile>> create(FileSystem& files,
                                                        const std::filesystem::path& folder,
                                                        const Checkpoint& checkpoint);

  /// Makes `checkpoint` the valid one and sets its counter. Errors: kStorage; then either the one before or
  /// this one is valid.
  Result<void> write(Checkpoint checkpoint);

 private:
  explicit CheckpointFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  std::unique_ptr<File> file_;
  std::uint64_t counter_ = 0;
  std::uint64_t slot_ = 0;  ///< The one that counts.
};

/// Writes all of `bytes`, in as many calls as that takes.
Result<void> write_all(File& file, std::uint64_t offset, Bytes bytes);

}  // namespace optiinfra::spool
