/// @file optiinfra/testing/small_disk.hpp
/// A disk of a few megabytes that a test can fill and free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::testing {

enum class DiskKind {
  kTmpfs,
  kExt4,  ///< On a loop device.
};

/// A file system of its own, mounted below the temporary folder until the object is destroyed.
///
///     const auto disk = SmallDisk::create(DiskKind::kTmpfs, 400 << 20);
///     if (disk == nullptr) GTEST_SKIP() << "this account may not mount";
///     disk->fill(0);      // Every other write to the disk fails with ENOSPC from here on,
///     disk->release();    // and works again from here on.
///
/// Threads: one at a time for fill() and release(); they may run while others use the disk.
class SmallDisk {
 public:
  /// Null where the process may not mount, or where mkfs.ext4 or loop devices are missing.
  static std::unique_ptr<SmallDisk> create(DiskKind kind, std::uint64_t size_bytes);

  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk();

  /// The root of the disk. Stores go into a folder below it: the root holds the filler's file too.
  std::filesystem::path path() const { return folder_ / "disk"; }

  /// What a process without privileges may still write.
  std::uint64_t free_bytes() const;

  /// Grows or shrinks the filler until `leave_bytes` are free. Other writes and removals
  /// meanwhile change the result by as much.
  void fill(std::uint64_t leave_bytes);

  /// Empties the filler.
  void release();

  /// Mounts the disk for reading only, or for writing again. False where the system refuses, for example
  /// while a file is open for writing.
  bool set_read_only(bool read_only);

 private:
  SmallDisk() = default;
  std::filesystem::path filler() const { return path() / "filler"; }
  bool mount(DiskKind kind, std::uint64_t size_bytes);

  TemporaryFolder folder_;
  bool is_mounted_ = false;
};

}  // namespace optiinfra::testing
