// Preloaded into a program: makes chosen calls to the disk fail, as a full or broken disk does.
//
//   OPTIINFRA_FAULT="CALL ERROR PATTERN AT TIMES"
//        CALL     write, sync, open (with O_CREAT), rename, unlink, mkdir, link, truncate or close
//        ERROR    ENOSPC, EIO or EDQUOT; SHORT: of a write the first half is written, and the rest meets
//        ENOSPC PATTERN  of the file's whole path (fnmatch; '*' matches '/' too); of a rename, the old name
//        AT       the first of the calls that fit is 1
//        TIMES    how many of them fail from then on; 0: all
//   OPTIINFRA_FAULT_FIRED=FILE    gets a line for each call that failed: "CALL PATH"
//   OPTIINFRA_FAULT_CALLS=FILE    gets a line for each call, failed or not
//
// It sees the program's calls, the engine's, and those through syscall().
#include <dlfcn.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <typename Function>
Function next(const char* name, Function) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

struct Fault {
  char call[16] = {}, error[16] = {}, pattern[512] = {};
  long at = 0, times = 0;
  bool is_short = false;
  int code = 0;
};

const Fault& fault() {
  static const Fault chosen = [] {
    Fault parsed;
    const char* const text = std::getenv("OPTIINFRA_FAULT");
    if (text == nullptr || std::sscanf(text, "%15s %15s %511s %ld %ld", parsed.call, parsed.error,
                                       parsed.pattern, &parsed.at, &parsed.times) != 5)
      return Fault{};
    parsed.is_short = std::strcmp(parsed.error, "SHORT") == 0;
    parsed.code = std::strcmp(parsed.error, "EIO") == 0      ? EIO
                  : std::strcmp(parsed.error, "EDQUOT") == 0 ? EDQUOT
                                                             : ENOSPC;
    return parsed;
  }();
  return chosen;
}

void note(const char* variable_value, const char* call, const char* path) {
  if (variable_value == nullptr) return;
  const int kept = errno;
  const long file =
      ::syscall(SYS_openat, AT_FDCWD, variable_value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  char line[4200];
  const int size = std::snprintf(line, sizeof line, "%s %s\n", call, path);
  if (file >= 0 && ::syscall(SYS_write, file, line, static_cast<size_t>(size)) < 0) std::abort();
  ::syscall(SYS_close, file);
  errno = kept;
}

enum class Fate { kPass, kFail, kHalf };

/// What becomes of this call.
Fate fate_of(const char* call, const char* path) {
  static const char* const calls = std::getenv("OPTIINFRA_FAULT_CALLS");
  static const char* const fired = std::getenv("OPTIINFRA_FAULT_FIRED");
  static std::atomic<long> count{0};
  note(calls, call, path);
  const Fault& chosen = fault();
  if (std::strcmp(call, chosen.call) != 0 || ::fnmatch(chosen.pattern, path, 0) != 0) return Fate::kPass;
  const long number = ++count;
  const long last = chosen.at + chosen.times + (chosen.is_short ? 1 : 0);
  if (number < chosen.at || (chosen.times != 0 && number >= last)) return Fate::kPass;
  note(fired, call, path);
  if (chosen.is_short && number == chosen.at) return Fate::kHalf;
  errno = chosen.code;
  return Fate::kFail;
}

/// The path of a descriptor; empty for what is neither file nor folder.
struct Path {
  explicit Path(int file) {
    struct stat status{};
    if (::fstat(file, &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return;
    char link[32];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const auto size = ::readlink(link, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
  }
  char text[4096] = {};
};

Fate fate_at(const char* call, int file) {
  const Path path(file);
  return path.text[0] == '\0' ? Fate::kPass : fate_of(call, path.text);
}

bool fails(const char* call, const char* path) { return fate_of(call, path) == Fate::kFail; }
bool fails_at(const char* call, int file) { return fate_at(call, file) == Fate::kFail; }

size_t size_for(Fate fate, size_t size) { return fate == Fate::kHalf ? (size + 1) / 2 : size; }

}  // namespace

#define WRITE(name, parameters, arguments)         \
  ssize_t name parameters {                        \
    static const auto real = next(#name, &::name); \
    const Fate fate = fate_at("write", file);      \
    if (fate == Fate::kFail) return -1;            \
    size = size_for(fate, size);                   \
    return real arguments;                         \
  }
#define OPEN(name, parameters, arguments)                                                \
  int name parameters {                                                                  \
    static const auto real = next(#name, &::name);                                       \
    va_list more;                                                                        \
    va_start(more, flags);                                                               \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                                        \
    if ((flags & O_CREAT) != 0 && fails("open", path)) return -1;                        \
    return real arguments;                                                               \
  }
#define AT_FILE(name, call, parameters, arguments) \
  int name parameters {                            \
    static const auto real = next(#name, &::name); \
    if (fails_at(call, file)) return -1;           \
    return real arguments;                         \
  }
#define ON_PATH(name, call, parameters, arguments) \
  int name parameters noexcept {                   \
    static const auto real = next(#name, &::name); \
    if (fails(call, path)) return -1;              \
    return real arguments;                         \
  }

extern "C" {

WRITE(write, (int file, const void* data, size_t size), (file, data, size))
WRITE(pwrite, (int file, const void* data, size_t size, off_t at), (file, data, size, at))
WRITE(pwrite64, (int file, const void* data, size_t size, off64_t at), (file, data, size, at))
ssize_t writev(int file, const iovec* parts, int count) {
  static const auto real = next("writev", &::writev);
  return fate_at("write", file) == Fate::kPass ? real(file, parts, count) : -1;
}
OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char* path, int flags, ...), (path, flags, mode))
OPEN(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode))
OPEN(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode))
AT_FILE(fsync, "sync", (int file), (file))
AT_FILE(fdatasync, "sync", (int file), (file))
ON_PATH(rename, "rename", (const char* path, const char* to), (path, to))
ON_PATH(link, "link", (const char* path, const char* to), (path, to))
ON_PATH(linkat, "link", (int at, const char* path, int to_at, const char* to, int flags),
        (at, path, to_at, to, flags))
ON_PATH(unlink, "unlink", (const char* path), (path))
ON_PATH(unlinkat, "unlink", (int at, const char* path, int flags), (at, path, flags))
ON_PATH(remove, "unlink", (const char* path), (path))
ON_PATH(rmdir, "unlink", (const char* path), (path))
ON_PATH(mkdir, "mkdir", (const char* path, mode_t mode), (path, mode))
int ftruncate(int file, off_t size) noexcept {
  static const auto real = next("ftruncate", &::ftruncate);
  return fails_at("truncate", file) ? -1 : real(file, size);
}
int ftruncate64(int file, off64_t size) noexcept {
  static const auto real = next("ftruncate64", &::ftruncate64);
  return fails_at("truncate", file) ? -1 : real(file, size);
}

/// The descriptor is closed all the same, as Linux does.
int close(int file) {
  static const auto real = next("close", &::close);
  const bool failed = std::strcmp(fault().call, "close") == 0 && fails_at("close", file);
  const int result = real(file);
  if (failed) errno = fault().code;
  return failed ? -1 : result;
}

long syscall(long number, ...) noexcept {
  static const auto real = next("syscall", &::syscall);
  va_list arguments;
  va_start(arguments, number);
  long values[6];
  for (long& value : values) value = va_arg(arguments, long);
  va_end(arguments);
  const auto path = [&](int index) { return reinterpret_cast<const char*>(values[index]); };
  if ((number == SYS_renameat || number == SYS_renameat2) && fails("rename", path(1))) return -1;
  return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}
}
