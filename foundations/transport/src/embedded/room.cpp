#include "embedded/room.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// The reserve is taken only where it is a small part of what is free.
constexpr std::uint64_t kReserveTimes = 8;

fs::path reserve_of(const fs::path& folder) { return folder / "reserve"; }

bool holds_reserve(const fs::path& path) {
  struct stat file{};
  // Blocks, not size: a file that was only stretched frees nothing.
  return ::stat(path.c_str(), &file) == 0 &&
         static_cast<std::uint64_t>(file.st_blocks) * 512 >= kReserveBytes;
}

}  // namespace

Result<Room> room_at(const fs::path& path) {
  struct statvfs volume{};
  if (::statvfs(path.c_str(), &volume) != 0) return storage_error(path, "cannot examine", errno);
  return Room{.free_bytes = std::uint64_t{volume.f_bavail} * volume.f_frsize,
              .total_bytes = std::uint64_t{volume.f_blocks} * volume.f_frsize};
}

std::uint64_t insert_floor_bytes(const Room& room) {
  return std::min(kInsertFloorBytesMax, room.total_bytes / kInsertFloorFraction);
}

std::string mebibytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

void take_reserve(const fs::path& folder, const Room& room) {
  const fs::path path = reserve_of(folder);
  if (room.free_bytes < kReserveBytes * kReserveTimes || holds_reserve(path)) return;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;  // A store without a reserve works; it can only not be freed on a full disk.
  const bool is_taken = ::posix_fallocate(file, 0, static_cast<off_t>(kReserveBytes)) == 0;
  ::close(file);
  if (!is_taken) ::unlink(path.c_str());
}

bool give_up_reserve(const fs::path& folder) { return ::unlink(reserve_of(folder).c_str()) == 0; }

}  // namespace optiinfra::embedded
