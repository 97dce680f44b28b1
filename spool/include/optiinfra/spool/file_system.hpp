/// @file optiinfra/spool/file_system.hpp
/// The spool's interface to a disk. Tests replace it with a disk that loses or refuses writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::spool {

/// An open file. Errors of all calls: kStorage, naming the file and the system's reason.
///
/// Threads: reads may run at the same time as each other and as writes; one thread writes.
class File {
 public:
  virtual ~File() = default;

  virtual Result<std::uint64_t> size() = 0;

  /// Fills `into` from `offset`. Less than asked for, down to 0, only at the end of the file.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) = 0;

  /// Writes `parts`, one after the other, from `offset`; like the system's call it may write less than all of
  /// it, but not nothing. At most kFilePartsMax parts.
  virtual Result<std::size_t> write(std::uint64_t offset,
                                    std::span<const std::span<const std::byte>> parts) = 0;

  /// Reserves room on the disk for the first `bytes`, which read as zeros where nothing was written. It is
  /// not an error when the file system cannot reserve; it is one when the disk lacks the room.
  virtual Result<void> allocate(std::uint64_t bytes) = 0;

  virtual Result<void> truncate(std::uint64_t bytes) = 0;

  /// Makes content and size permanent. After an error, what was written since the last success is in an
  /// unknown state, and a later success says nothing about it.
  virtual Result<void> sync() = 0;
};

inline constexpr std::size_t kFilePartsMax = 256;

/// Held until the object is destroyed or the process ends, however it ends.
class FolderLock {
 public:
  virtual ~FolderLock() = default;
};

/// Threads: any number.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Makes `folder` (mode 0700) unless it is there, and syncs it. Its parent must exist.
  virtual Result<void> create_folder(const std::filesystem::path& folder) = 0;

  /// Locks `folder` for this process through its file `lock`. Errors: kUnavailable, naming the holder.
  virtual Result<std::unique_ptr<FolderLock>> lock_folder(const std::filesystem::path& folder) = 0;

  /// The names in `folder`, in any order.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& folder) = 0;

  /// Creates a file (mode 0600) that must not exist, to read and write.
  virtual Result<std::unique_ptr<File>> create(const std::filesystem::path& file) = 0;

  /// Opens a file that must exist, to read and write.
  virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& file) = 0;

  /// Replaces `to` where it exists.
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

  /// Succeeds when the file is absent.
  virtual Result<void> remove(const std::filesystem::path& file) = 0;

  /// Makes the names in `folder` permanent: what was created, renamed and removed.
  virtual Result<void> sync_folder(const std::filesystem::path& folder) = 0;
};

/// This machine's disks.
FileSystem& posix_file_system();

}  // namespace optiinfra::spool
