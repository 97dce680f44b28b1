#include "embedded/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "embedded/file.hpp"
#include "optiinfra/transport/backup.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMarkerStart = "optiinfra store, layout ";
constexpr std::string_view kMarkerText = "optiinfra store, layout 1\n";
/// How long an open waits for another process to release the folder: a command that is ending needs moments,
/// a service holds the store for days.
constexpr std::chrono::milliseconds kLockWait{2'000};
constexpr std::chrono::milliseconds kLockPoll{20};

/// Who holds the lock, and what to do about it.
std::string holder(int lock) {
  char buffer[512] = {};
  const auto size = ::pread(lock, buffer, sizeof buffer - 1, 0);
  const std::string text(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::size_t end = text.find('\n');
  const std::string name = text.empty() ? "an unknown process" : text.substr(0, end);
  if (end == std::string::npos)
    return name + "; an embedded store takes one process at a time: wait for it or stop it";
  return name + ", which serves it: use --url " + text.substr(end + 1) + " instead, or stop the server";
}

std::string program_name() {
  std::ifstream file("/proc/self/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

/// `more` follows the name of this process.
void write_holder(int lock, const std::string& more) {
  const std::string text = program_name() + " (process " + std::to_string(::getpid()) + ")" + more;
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, text.data(), text.size(), 0) < 0) {
    // The name only helps the next process to explain itself; the lock itself holds without it.
  }
}

/// Whether the folder holds at most what a creation that was killed leaves behind.
Result<bool> is_unused(const fs::path& path) {
  std::error_code code;
  for (fs::directory_iterator entry(path, code), end; !code && entry != end; entry.increment(code)) {
    const auto name = entry->path().filename();
    if (name != "lock" && name != "OPTIINFRA.new") return false;
  }
  if (code) return storage_error(path, "cannot list", code.value());
  return true;
}

std::string full_disk(const fs::path& path, const Room& room) {
  return "the disk that holds " + path.string() + " is full (" + mebibytes(room.free_bytes) + " of " +
         mebibytes(room.total_bytes) + " free, " + mebibytes(kKeptBytes) + " needed)";
}

/// Why this process cannot write to the store in `path`, where that has nothing to do with room; empty
/// where it can.
std::string obstacle_to_writing(const fs::path& path) {
  if (is_backup(path))
    return path.string() + " is a backup; `optiinfra restore " + path.string() + "` makes a store from it";
  for (const fs::path& folder : {path, path / "engine"}) {
    if (::access(folder.c_str(), W_OK) == 0 || errno == ENOENT) continue;
    return "this account cannot write to " + folder.string() + " (" + std::strerror(errno) + ")";
  }
  return {};
}

Result<void> expect_store_or_create(const fs::path& path, IfAbsent if_absent) {
  std::error_code code;
  const auto status = fs::status(path, code);
  if (status.type() == fs::file_type::not_found) {
    if (if_absent == IfAbsent::kFail) {
      return Error{ErrorKind::kStorage,
                   "there is no store at " + path.string() +
                       "; create it with: optiinfra init --url embedded:" + path.string()};
    }
    fs::create_directories(path.parent_path(), code);
    if (code) return storage_error(path.parent_path(), "cannot create", code.value());
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
      return storage_error(path, "cannot create", errno);
    return {};
  }
  if (code) return storage_error(path, "cannot examine", code.value());
  if (status.type() != fs::file_type::directory) {
    return Error{ErrorKind::kIncompatible,
                 path.string() + " is not a folder; a store is a folder of its own"};
  }
  if (::access(path.c_str(), R_OK | X_OK) != 0) return storage_error(path, "cannot read", errno);
  if (fs::exists(path / "OPTIINFRA", code)) return {};
  OPTIINFRA_TRY(const bool unused, is_unused(path));
  if (!unused) {
    return Error{
        ErrorKind::kIncompatible,
        path.string() +
            " holds files of another program and is not an optiinfra store; choose an empty or new folder"};
  }
  if (if_absent == IfAbsent::kFail) {
    return Error{ErrorKind::kStorage, "there is no store in " + path.string() +
                                          "; create it with: optiinfra init --url embedded:" + path.string()};
  }
  return {};
}

/// Takes the lock that `file` is open for, waiting a moment for its holder. `kind` is LOCK_EX or LOCK_SH.
Result<void> wait_for_lock(int lock, int kind, const fs::path& path) {
  const auto deadline = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(lock, kind | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return storage_error(path / "lock", "cannot lock", errno);
    if (std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kLockPoll);
      continue;
    }
    // Readers leave the name of the last writer where it is: they may not write.
    const bool is_read = ::flock(lock, LOCK_SH | LOCK_NB) == 0;
    return Error{ErrorKind::kUnavailable,
                 "the store at " + path.string() + " is held by " +
                     (is_read ? "processes that read it; wait for them or stop them" : holder(lock))};
  }
  return {};
}

Result<int> lock_folder(const fs::path& path) {
  const fs::path file = path / "lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return storage_error(file, "cannot open", errno);
  if (auto locked = wait_for_lock(lock, LOCK_EX, path); !locked) {
    ::close(lock);
    return std::move(locked).error();
  }
  write_holder(lock, {});
  return lock;
}

/// Keeps writers out while the store is read. -1 where there is no lock: then no process has held this copy.
Result<int> lock_for_reading(const fs::path& path) {
  const fs::path file = path / "lock";
  const int lock = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0 && errno == ENOENT) return -1;
  if (lock < 0) return storage_error(file, "cannot open", errno);
  if (auto locked = wait_for_lock(lock, LOCK_SH, path); !locked) {
    ::close(lock);
    return std::move(locked).error();
  }
  return lock;
}

Result<void> check_marker(const fs::path& path) {
  const fs::path marker = path / "OPTIINFRA";
  std::ifstream file(marker);
  if (!file) return storage_error(marker, "cannot read", errno);
  std::string text;
  std::getline(file, text);
  if (text + "\n" == kMarkerText) return {};
  if (text.starts_with(kMarkerStart)) {
    return Error{ErrorKind::kIncompatible,
                 path.string() + " was laid out by another version of optiinfra ('" + text.substr(0, 40) +
                     "', this one knows 'layout 1'); use that version"};
  }
  return Error{ErrorKind::kIncompatible,
               marker.string() +
                   " does not hold an optiinfra store's mark; if the folder is a store, "
                   "restore the file from a backup"};
}

Result<void> check_or_write_marker(const fs::path& path) {
  std::error_code code;
  const fs::path marker = path / "OPTIINFRA";
  if (!fs::exists(marker, code)) return replace_file(marker, kMarkerText, marker.string() + ".new");
  return check_marker(path);
}

}  // namespace

Result<Folder> Folder::open(const fs::path& path, IfAbsent if_absent, UseReserve use_reserve) {
  OPTIINFRA_CHECK(expect_store_or_create(path, if_absent));
  OPTIINFRA_TRY(const Room room, room_at(path));
  if (auto why = obstacle_to_writing(path); !why.empty()) return open_for_reading(path, room, std::move(why));
  const bool is_full = room.free_bytes < kKeptBytes;
  std::error_code ignored;
  if (is_full && (use_reserve == UseReserve::kNo || !fs::exists(path / "reserve", ignored)))
    return open_for_reading(path, room, full_disk(path, room));
  OPTIINFRA_TRY(const int lock, lock_folder(path));
  Folder folder(path, lock, room);
  if (is_full) give_up_reserve(path);
  OPTIINFRA_CHECK(folder.prepare());
  return folder;
}

Result<Folder> Folder::open_for_reading(const fs::path& path, Room room, std::string why) {
  std::error_code code;
  if (!fs::exists(path / "OPTIINFRA", code) || !fs::is_directory(path / "engine", code))
    return Error{ErrorKind::kStorage,
                 "cannot create a store: " + why + "; free some space, or choose another folder"};
  OPTIINFRA_CHECK(check_marker(path));
  OPTIINFRA_TRY(const int lock, lock_for_reading(path));
  Folder folder(path, lock, room);
  OPTIINFRA_TRY(ReadingFolder reading, ReadingFolder::create(folder.stored_path()));
  folder.reading_.emplace(std::move(reading));
  folder.why_only_reading_ = std::move(why);
  return folder;
}

bool Folder::has_room_again() const {
  const auto room = room_at(path_);
  return room && room->free_bytes >= kKeptBytes && obstacle_to_writing(path_).empty();
}

Folder::Folder(Folder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      room_(other.room_),
      why_only_reading_(std::move(other.why_only_reading_)),
      reading_(std::move(other.reading_)),
      was_unclean_(other.was_unclean_) {}

Folder::~Folder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<void> Folder::prepare() {
  OPTIINFRA_CHECK(check_or_write_marker(path_));
  std::error_code code;
  fs::create_directories(engine_path(), code);
  if (code) return storage_error(engine_path(), "cannot create", code.value());
  // The engine makes its files readable by all, which a folder that was made before may be too.
  fs::permissions(engine_path(), fs::perms::owner_all, code);
  was_unclean_ = fs::exists(path_ / "unclean", code);
  if (!was_unclean_) OPTIINFRA_CHECK(replace_file(path_ / "unclean", "", path_ / "unclean.new"));
  take_reserve(path_, room_);
  return {};
}

void Folder::announce(const std::string& url) {
  if (!is_only_read()) write_holder(lock_, "\n" + url);
}

void Folder::mark_clean() {
  if (is_only_read()) return;
  if (::unlink((path_ / "unclean").c_str()) != 0) return;  // The next open repairs what needs none.
  (void)sync_folder(path_);
}

}  // namespace optiinfra::embedded
