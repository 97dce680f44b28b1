#include "embedded/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMarkerStart = "optiinfra store, layout ";
constexpr std::string_view kMarkerText = "optiinfra store, layout 1\n";
/// How long an open waits for another process to let go: a command that is ending needs moments,
/// a service holds the store for days.
constexpr std::chrono::milliseconds kLockWait{2'000};
constexpr std::chrono::milliseconds kLockPoll{20};
/// The engine needs room to merge; with less it fails in the middle of things.
constexpr std::uint64_t kFreeBytesMin = 32 << 20;

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

Result<void> expect_room(const fs::path& path) {
  struct statvfs volume{};
  if (::statvfs(path.c_str(), &volume) != 0) return storage_error(path, "cannot examine", errno);
  const std::uint64_t free_bytes = std::uint64_t{volume.f_bavail} * volume.f_frsize;
  if (free_bytes >= kFreeBytesMin) return {};
  return Error{ErrorKind::kStorage,
               "the disk that holds " + path.string() + " is full (" + std::to_string(free_bytes >> 20) +
                   " MiB free, " + std::to_string(kFreeBytesMin >> 20) + " MiB needed); free some space"};
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
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0)
    return storage_error(path, "cannot read and write", errno);
  if (fs::exists(path / "OPTIINFRA", code)) return {};
  OPTIINFRA_TRY(const bool unused, is_unused(path));
  if (!unused) {
    return Error{
        ErrorKind::kIncompatible,
        path.string() +
            " holds files of another program and is no optiinfra store; choose an empty or new folder"};
  }
  if (if_absent == IfAbsent::kFail) {
    return Error{ErrorKind::kStorage, "there is no store in " + path.string() +
                                          "; create it with: optiinfra init --url embedded:" + path.string()};
  }
  return {};
}

Result<int> lock_folder(const fs::path& path) {
  const fs::path file = path / "lock";
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return storage_error(file, "cannot open", errno);
  const auto deadline = std::chrono::steady_clock::now() + kLockWait;
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kLockPoll);
      continue;
    }
    const bool held = errno == EWOULDBLOCK;
    Error error =
        held ? Error{ErrorKind::kUnavailable, "the store at " + path.string() + " is held by " + holder(lock)}
             : storage_error(file, "cannot lock", errno);
    ::close(lock);
    return error;
  }
  write_holder(lock, {});
  return lock;
}

Result<void> check_or_write_marker(const fs::path& path) {
  std::error_code code;
  const fs::path marker = path / "OPTIINFRA";
  if (!fs::exists(marker, code)) return replace_file(marker, kMarkerText, marker.string() + ".new");
  std::ifstream file(marker);
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

}  // namespace

Result<Folder> Folder::open(const fs::path& path, IfAbsent if_absent) {
  OPTIINFRA_CHECK(expect_store_or_create(path, if_absent));
  OPTIINFRA_TRY(const int lock, lock_folder(path));
  Folder folder(path, lock);
  OPTIINFRA_CHECK(folder.prepare());
  return folder;
}

Folder::Folder(Folder&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      was_unclean_(other.was_unclean_) {}

Folder::~Folder() {
  if (lock_ >= 0) ::close(lock_);
}

Result<void> Folder::prepare() {
  OPTIINFRA_CHECK(expect_room(path_));
  OPTIINFRA_CHECK(check_or_write_marker(path_));
  std::error_code code;
  fs::create_directories(engine_path(), code);
  if (code) return storage_error(engine_path(), "cannot create", code.value());
  was_unclean_ = fs::exists(path_ / "unclean", code);
  if (!was_unclean_) OPTIINFRA_CHECK(replace_file(path_ / "unclean", "", path_ / "unclean.new"));
  return {};
}

void Folder::announce(const std::string& url) { write_holder(lock_, "\n" + url); }

void Folder::mark_clean() {
  if (::unlink((path_ / "unclean").c_str()) != 0) return;  // The next open repairs what needs none.
  (void)sync_folder(path_);
}

}  // namespace optiinfra::embedded
