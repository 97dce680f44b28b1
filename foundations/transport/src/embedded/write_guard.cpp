#include "embedded/write_guard.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "embedded/file.hpp"
#include "embedded/imported_functions.hpp"

namespace optiinfra::embedded::write_guard {
namespace {

/// How long a write to a file with its final name waits for room on a full disk.
constexpr std::chrono::seconds kRoomWait{5};
constexpr std::chrono::milliseconds kRoomPoll{20};

/// The engine is one per process, so its guard is too. Never destroyed: the engine's threads may outlive
/// statics.
struct State {
  std::mutex mutex;
  std::string root;  ///< The engine's folder, with a '/' at its end; guarded, as all below.
  std::map<std::string, int, std::less<>> failed;  ///< Paths of unfinished files, with the errno of each.
  bool has_too_many = false;
  OnFailure on_failure;
  std::optional<Error> failure;
  std::atomic<bool> has_failed = false;  ///< Whether `failed` needs a look. Most processes never set it.
};

State& state() {
  static State* const instance = new State;
  return *instance;
}

/// Restores errno at its end: the engine reads it after the call that we watch.
class KeptErrno {
 public:
  KeptErrno() : value_(errno) {}
  KeptErrno(const KeptErrno&) = delete;
  KeptErrno& operator=(const KeptErrno&) = delete;
  ~KeptErrno() { errno = value_; }
  int value() const { return value_; }

 private:
  int value_;
};

std::string path_of(int file) {
  char link[32], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const auto size = ::readlink(link, path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

/// What the engine names in a call, as path_of() would name it; empty when it is not there.
std::string path_at(int folder, const char* path) {
  const std::string name = *path == '/' || folder == AT_FDCWD ? path : path_of(folder) + "/" + path;
  char resolved[PATH_MAX];
  return ::realpath(name.c_str(), resolved) != nullptr ? resolved : std::string();
}

bool is_below(std::string_view path, std::string_view folder) {
  return path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

/// Whether tables depend on this file of the engine's folder: their rows, logs and definitions.
bool is_of_tables(std::string_view path) {
  return path.starts_with("store/") || path.starts_with("data/") || path.starts_with("metadata/");
}

/// Whether the engine will still rename this file or a folder above it before anybody reads it, or never
/// reads it.
bool is_unpublished(std::string_view path) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.starts_with("tmp") || name.starts_with("delete_tmp_") || name == "detached" ||
        name.ends_with(".tmp"))
      return true;
    begin = end + 1;
  }
  return false;
}

void fail_store(State& guard, std::unique_lock<std::mutex>& lock, const std::string& path, const char* doing,
                int code) {
  if (guard.failure) return;
  guard.failure = storage_error(path, std::string("the engine cannot ") + doing, code);
  guard.failure->message += "; make room or look at the disk, then open the store again";
  guard.failure->applied = Applied::kUnknown;
  guard.failure->connection_usable = false;
  const OnFailure call = guard.on_failure;
  const Error error = *guard.failure;
  lock.unlock();
  if (call) call(error);
}

void forget_what_is_gone(State& guard) {
  struct stat status{};
  std::erase_if(guard.failed, [&](const auto& entry) {
    return ::lstat(entry.first.c_str(), &status) != 0 && errno == ENOENT;
  });
}

/// The path of a file that tables depend on; empty where a failure means nothing to them.
std::string path_of_tables(int file, const std::string& root) {
  struct stat status{};
  if (root.empty() || ::fstat(file, &status) != 0) return {};
  const bool is_deleted = S_ISREG(status.st_mode) && status.st_nlink == 0;
  if (is_deleted || (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))) return {};
  std::string path = path_of(file);
  const bool is_theirs = path.starts_with(root) && is_of_tables(std::string_view(path).substr(root.size()));
  return is_theirs ? path : std::string();
}

/// Called after a call failed. `file` is open still.
void note_failure(int file, const char* doing) {
  const KeptErrno code;
  if (code.value() == EINTR || code.value() == EAGAIN || code.value() == EBADF) return;
  State& guard = state();
  std::unique_lock lock(guard.mutex);
  const std::string path = path_of_tables(file, guard.root);
  if (path.empty()) return;
  if (!is_unpublished(std::string_view(path).substr(guard.root.size())))
    return fail_store(guard, lock, path, doing, code.value());
  if (guard.failed.size() >= kFailedPathsMax) forget_what_is_gone(guard);
  guard.has_too_many |= guard.failed.size() >= kFailedPathsMax;
  if (!guard.has_too_many) guard.failed.emplace(path, code.value());
  guard.has_failed = true;
}

/// Whether to make a failed write again: the disk is full, the file has its final name, and there is time
/// left. Others free space, too; a part that is not there yet is cheaper to make again.
bool may_find_room(int file, std::chrono::steady_clock::time_point& deadline) {
  const KeptErrno code;
  if (code.value() != ENOSPC && code.value() != EDQUOT) return false;
  const auto now = std::chrono::steady_clock::now();
  if (deadline == std::chrono::steady_clock::time_point{}) {
    State& guard = state();
    const std::lock_guard lock(guard.mutex);
    const std::string path = path_of_tables(file, guard.root);
    if (guard.failure || path.empty() || is_unpublished(std::string_view(path).substr(guard.root.size())))
      return false;
    deadline = now + kRoomWait;
  }
  if (now >= deadline) return false;
  std::this_thread::sleep_for(kRoomPoll);
  return true;
}

/// Makes the write, and notes its failure.
template <typename Write>
ssize_t watched(int file, Write write) {
  std::chrono::steady_clock::time_point deadline{};
  ssize_t written = write();
  while (written < 0 && may_find_room(file, deadline)) written = write();
  if (written < 0) note_failure(file, "write");
  return written;
}

/// The errno with which a rename of `from` is refused; 0 when it may go on.
int refusal_of(const std::string& from, std::string_view to) {
  State& guard = state();
  const std::lock_guard lock(guard.mutex);
  if (guard.root.empty() || !from.starts_with(guard.root)) return 0;
  if (to.substr(to.rfind('/') + 1).starts_with("delete_tmp_")) return 0;  // On its way out.
  int code = guard.has_too_many ? EIO : 0;
  for (auto entry = guard.failed.lower_bound(from); entry != guard.failed.end() && code == 0; ++entry) {
    if (!entry->first.starts_with(from)) break;
    if (is_below(entry->first, from)) code = entry->second;
  }
  return code;
}

/// Sets errno where the rename is refused.
bool may_rename(int from_folder, const char* from, const char* to) {
  if (!state().has_failed.load(std::memory_order_acquire)) return true;
  const int code = refusal_of(path_at(from_folder, from), to);
  if (code != 0) errno = code;
  return code == 0;
}

/// A folder or a file that begins empty has nothing unfinished in it.
void forget(const std::string& path) {
  State& guard = state();
  const std::lock_guard lock(guard.mutex);
  std::erase_if(guard.failed, [&](const auto& entry) { return is_below(entry.first, path); });
}

void opened(int folder, const char* path, int flags) {
  const bool begins_empty = (flags & O_TRUNC) != 0 || (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
  if (!begins_empty || !state().has_failed.load(std::memory_order_acquire)) return;
  const KeptErrno kept;
  forget(path_at(folder, path));
}

// --- What libchdb calls in the place of the C library's functions ---

ssize_t guarded_write(int file, const void* data, std::size_t size) {
  return watched(file, [&] { return ::write(file, data, size); });
}

ssize_t guarded_pwrite(int file, const void* data, std::size_t size, off_t at) {
  return watched(file, [&] { return ::pwrite(file, data, size, at); });
}

ssize_t guarded_writev(int file, const iovec* parts, int count) {
  return watched(file, [&] { return ::writev(file, parts, count); });
}

int guarded_fsync(int file) {
  const int result = ::fsync(file);
  if (result != 0) note_failure(file, "sync");
  return result;
}

int guarded_fdatasync(int file) {
  const int result = ::fdatasync(file);
  if (result != 0) note_failure(file, "sync");
  return result;
}

int guarded_ftruncate(int file, off_t size) {
  const int result = ::ftruncate(file, size);
  if (result != 0) note_failure(file, "truncate");
  return result;
}

/// Some file systems tell of a failed write only here, where nobody can tell any more which file it was.
int guarded_close(int file) {
  const int result = ::close(file);
  if (result == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT)) return result;
  const KeptErrno code;
  State& guard = state();
  std::unique_lock lock(guard.mutex);
  if (!guard.root.empty()) fail_store(guard, lock, guard.root, "close a file of", code.value());
  return result;
}

int guarded_open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  const int file = ::open(path, flags, mode);
  if (file >= 0) opened(AT_FDCWD, path, flags);
  return file;
}

int guarded_openat(int folder, const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  const int file = ::openat(folder, path, flags, mode);
  if (file >= 0) opened(folder, path, flags);
  return file;
}

int guarded_mkdir(const char* path, mode_t mode) {
  const int result = ::mkdir(path, mode);
  if (result == 0 && state().has_failed.load(std::memory_order_acquire)) forget(path_at(AT_FDCWD, path));
  return result;
}

int guarded_rename(const char* from, const char* to) {
  return may_rename(AT_FDCWD, from, to) ? ::rename(from, to) : -1;
}

/// The engine exchanges files by renameat2 through here.
long guarded_syscall(long number, ...) {
  va_list arguments;
  va_start(arguments, number);
  long values[6];
  for (long& value : values) value = va_arg(arguments, long);
  va_end(arguments);
  if ((number == SYS_renameat2 || number == SYS_renameat) &&
      !may_rename(static_cast<int>(values[0]), reinterpret_cast<const char*>(values[1]),
                  reinterpret_cast<const char*>(values[3])))
    return -1;
  return ::syscall(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

template <typename Function>
void* address(Function function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

Result<void> install(const Library& library) {
  const Replacement replacements[] = {
      {"write", address(&guarded_write)},         {"pwrite", address(&guarded_pwrite)},
      {"pwrite64", address(&guarded_pwrite)},     {"writev", address(&guarded_writev)},
      {"fsync", address(&guarded_fsync)},         {"fdatasync", address(&guarded_fdatasync)},
      {"ftruncate", address(&guarded_ftruncate)}, {"ftruncate64", address(&guarded_ftruncate)},
      {"open", address(&guarded_open)},           {"open64", address(&guarded_open)},
      {"openat", address(&guarded_openat)},       {"openat64", address(&guarded_openat)},
      {"close", address(&guarded_close)},         {"mkdir", address(&guarded_mkdir)},
      {"rename", address(&guarded_rename)},       {"syscall", address(&guarded_syscall)}};
  return replace_imported_functions(library, replacements);
}

void begin(const std::filesystem::path& engine_path, OnFailure on_failure) {
  std::error_code code;
  const auto canonical = std::filesystem::weakly_canonical(engine_path, code);
  State& guard = state();
  const std::lock_guard lock(guard.mutex);
  guard.root = (code ? engine_path : canonical).string() + "/";
  guard.failed.clear();
  guard.has_too_many = guard.has_failed = false;
  guard.on_failure = std::move(on_failure);
  guard.failure.reset();
}

std::optional<Error> failure() {
  State& guard = state();
  const std::lock_guard lock(guard.mutex);
  return guard.failure;
}

}  // namespace optiinfra::embedded::write_guard
