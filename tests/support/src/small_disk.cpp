#include "optiinfra/testing/small_disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "optiinfra/core/error.hpp"
#include "optiinfra/testing/program.hpp"

namespace optiinfra::testing {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kPageBytes = 4096;

std::uint64_t size_of(int file) { return static_cast<std::uint64_t>(::lseek(file, 0, SEEK_END)); }

/// Takes up to `bytes` of the disk, less where there are fewer.
void grow(int file, std::uint64_t bytes) {
  for (std::uint64_t step = bytes; bytes >= kPageBytes && step >= kPageBytes;) {
    step = std::min(step, bytes);
    const std::uint64_t size = size_of(file);
    if (::fallocate(file, 0, static_cast<off_t>(size), static_cast<off_t>(step)) != 0) step /= 2;
    // A file system may have taken a part before it gave up.
    bytes -= std::min(bytes, size_of(file) - size);
  }
}

bool run(const std::vector<std::string>& arguments) { return run_program(arguments).exit_code == 0; }

bool make_file(const fs::path& path, std::uint64_t size_bytes) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool is_sized = ::ftruncate(file, static_cast<off_t>(size_bytes)) == 0;
  ::close(file);
  return is_sized;
}

}  // namespace

std::unique_ptr<SmallDisk> SmallDisk::create(DiskKind kind, std::uint64_t size_bytes) {
  std::unique_ptr<SmallDisk> disk(new SmallDisk);
  fs::create_directory(disk->path());
  disk->is_mounted_ = disk->mount(kind, size_bytes);
  // Made now: a full disk has no room for the filler's name.
  if (!disk->is_mounted_ || !make_file(disk->filler(), 0)) return nullptr;
  return disk;
}

SmallDisk::~SmallDisk() {
  // Detached, so that a process that still has a file open cannot keep the mount forever.
  if (is_mounted_) ::umount2(path().c_str(), MNT_DETACH);
}

bool SmallDisk::mount(DiskKind kind, std::uint64_t size_bytes) {
  if (kind == DiskKind::kTmpfs)
    return ::mount("none", path().c_str(), "tmpfs", 0, ("size=" + std::to_string(size_bytes)).c_str()) == 0;
  const std::string image = (folder_ / "image").string();
  // No blocks reserved for root: tests that run as root would find room where others find none.
  return make_file(image, size_bytes) && run({"mkfs.ext4", "-q", "-m", "0", image}) &&
         run({"mount", "-o", "loop", image, path().string()});
}

std::uint64_t SmallDisk::free_bytes() const {
  struct statvfs volume{};
  if (::statvfs(path().c_str(), &volume) != 0) detail::broken_invariant("cannot examine " + path().string());
  return std::uint64_t{volume.f_bavail} * volume.f_frsize;
}

void SmallDisk::fill(std::uint64_t leave_bytes) {
  const int file = ::open(filler().c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) detail::broken_invariant("cannot open the filler of " + path().string());
  const std::uint64_t available = free_bytes();
  if (available > leave_bytes) {
    grow(file, available - leave_bytes);
  } else {
    const std::uint64_t size = size_of(file);
    const std::uint64_t less = std::min(size, leave_bytes - available);
    if (::ftruncate(file, static_cast<off_t>(size - less)) != 0)
      detail::broken_invariant("cannot shrink the filler of " + path().string());
  }
  ::close(file);
}

void SmallDisk::release() {
  if (::truncate(filler().c_str(), 0) != 0)
    detail::broken_invariant("cannot empty the filler of " + path().string());
}

bool SmallDisk::set_read_only(bool read_only) {
  unsigned long flags = MS_REMOUNT;
  if (read_only) flags |= MS_RDONLY;
  return ::mount(nullptr, path().c_str(), nullptr, flags, nullptr) == 0;
}

}  // namespace optiinfra::testing
