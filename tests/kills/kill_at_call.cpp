// Preloaded into a program: ends it with SIGKILL just before its n-th call that changes what is on disk,
// counted over all threads: write, pwrite, writev and their like on regular files, fsync, fdatasync, rename,
// unlink, rmdir, truncate, ftruncate, fallocate, link, mkdir, and open with O_CREAT; made by the program, by
// the engine, and through syscall(). That these are all such calls which reach the system is compared with
// strace by call_count_engine_test.cpp.
//
// Or, with OPTIINFRA_KILL_CALLS=network, before its n-th send or recv.
//
//   OPTIINFRA_KILL_AT=n          which call; without it nothing is killed
//   OPTIINFRA_FAIL_SYNC_AT=n     instead: the n-th fsync or fdatasync of a path that holds
//   OPTIINFRA_FAIL_PATH
//                                fails with EIO
//   OPTIINFRA_KILL_REPORT=file   counts, see kill_report.hpp; made beforehand, of that size
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "kill_report.hpp"

namespace {

using optiinfra::testing::CallKind;
using optiinfra::testing::KillReport;

KillReport own_report;

template <typename Function>
Function next(const char* name, Function) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// The report in the file, or one that nobody reads.
KillReport& report() {
  static KillReport* const mapped = [] {
    const char* const path = std::getenv("OPTIINFRA_KILL_REPORT");
    if (path == nullptr) return &own_report;
    const long file = next("syscall", &::syscall)(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void* const memory =
        ::mmap(nullptr, sizeof(KillReport), PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(file), 0);
    ::close(static_cast<int>(file));
    if (memory == MAP_FAILED) std::abort();
    return static_cast<KillReport*>(memory);
  }();
  return *mapped;
}

/// Mapped before the program may raise a fence around itself.
[[maybe_unused]] const KillReport& mapped_at_start = report();

long number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? 0 : std::atol(text);
}

/// Which calls are counted: those of the disk, or those of the network.
bool counts_network() {
  static const bool chosen = [] {
    const char* const text = std::getenv("OPTIINFRA_KILL_CALLS");
    return text != nullptr && std::strcmp(text, "network") == 0;
  }();
  return chosen;
}

void point(CallKind kind) {
  static const long at = number_of("OPTIINFRA_KILL_AT");
  if (counts_network() != (kind == CallKind::kNetwork)) return;
  ++report().of_kind[static_cast<int>(kind)];
  if (++report().calls != at) return;
  report().killed = static_cast<int>(kind) + 1;
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

/// Whether the disk refuses this sync.
bool sync_fails(int file) {
  static const long at = number_of("OPTIINFRA_FAIL_SYNC_AT");
  static const char* const wanted = std::getenv("OPTIINFRA_FAIL_PATH");
  if (at == 0 || wanted == nullptr) return false;
  char link[32], path[4096] = {};
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  if (::readlink(link, path, sizeof path - 1) < 0 || std::strstr(path, wanted) == nullptr) return false;
  if (++report().syncs != at) return false;
  errno = EIO;
  return true;
}

bool is_regular(int file) {
  struct stat status = {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

void point_at(int file) {
  if (is_regular(file)) point(CallKind::kWrite);
}

void point_of_open(int flags) {
  if ((flags & O_CREAT) != 0) point(CallKind::kCreate);
}

/// What syscall() is called for, where it is one of the calls above.
std::optional<CallKind> kind_of(long number, const long* values) {
  switch (number) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
      return is_regular(static_cast<int>(values[0])) ? std::optional(CallKind::kWrite) : std::nullopt;
    case SYS_fsync:
    case SYS_fdatasync:
      return CallKind::kSync;
    case SYS_renameat:
    case SYS_renameat2:
      return CallKind::kRename;
    case SYS_unlinkat:
      return CallKind::kUnlink;
    case SYS_ftruncate:
    case SYS_truncate:
    case SYS_fallocate:
      return CallKind::kTruncate;
    case SYS_linkat:
      return CallKind::kLink;
    case SYS_mkdirat:
      return CallKind::kMakeFolder;
    case SYS_openat:
      return (values[2] & O_CREAT) != 0 ? std::optional(CallKind::kCreate) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

#define BEFORE(name, kind, parameters, arguments)  \
  int name parameters {                            \
    static const auto real = next(#name, &::name); \
    point(CallKind::kind);                         \
    return real arguments;                         \
  }
#define BEFORE_NOEXCEPT(name, kind, parameters, arguments) \
  int name parameters noexcept {                           \
    static const auto real = next(#name, &::name);         \
    point(CallKind::kind);                                 \
    return real arguments;                                 \
  }
#define BEFORE_WRITE(name, parameters, arguments)  \
  ssize_t name parameters {                        \
    static const auto real = next(#name, &::name); \
    point_at(file);                                \
    return real arguments;                         \
  }
#define BEFORE_OPEN(name, parameters, arguments)                                         \
  int name parameters {                                                                  \
    static const auto real = next(#name, &::name);                                       \
    va_list more;                                                                        \
    va_start(more, flags);                                                               \
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0; \
    va_end(more);                                                                        \
    point_of_open(flags);                                                                \
    return real arguments;                                                               \
  }

extern "C" {

BEFORE_WRITE(write, (int file, const void* data, size_t size), (file, data, size))
BEFORE_WRITE(pwrite, (int file, const void* data, size_t size, off_t at), (file, data, size, at))
BEFORE_WRITE(pwrite64, (int file, const void* data, size_t size, off64_t at), (file, data, size, at))
BEFORE_WRITE(writev, (int file, const iovec* parts, int count), (file, parts, count))
BEFORE_WRITE(pwritev, (int file, const iovec* parts, int count, off_t at), (file, parts, count, at))
BEFORE_WRITE(pwritev64, (int file, const iovec* parts, int count, off64_t at), (file, parts, count, at))
BEFORE_OPEN(open, (const char* path, int flags, ...), (path, flags, mode))
BEFORE_OPEN(open64, (const char* path, int flags, ...), (path, flags, mode))
BEFORE_OPEN(openat, (int at, const char* path, int flags, ...), (at, path, flags, mode))
BEFORE_OPEN(openat64, (int at, const char* path, int flags, ...), (at, path, flags, mode))
int fsync(int file) {
  static const auto real = next("fsync", &::fsync);
  point(CallKind::kSync);
  return sync_fails(file) ? -1 : real(file);
}

int fdatasync(int file) {
  static const auto real = next("fdatasync", &::fdatasync);
  point(CallKind::kSync);
  return sync_fails(file) ? -1 : real(file);
}

BEFORE(fallocate, kTruncate, (int file, int mode, off_t at, off_t size), (file, mode, at, size))
BEFORE(fallocate64, kTruncate, (int file, int mode, off64_t at, off64_t size), (file, mode, at, size))
BEFORE(posix_fallocate, kTruncate, (int file, off_t at, off_t size), (file, at, size))
BEFORE_NOEXCEPT(rename, kRename, (const char* from, const char* to), (from, to))
BEFORE_NOEXCEPT(renameat, kRename, (int from_at, const char* from, int to_at, const char* to),
                (from_at, from, to_at, to))
BEFORE_NOEXCEPT(renameat2, kRename,
                (int from_at, const char* from, int to_at, const char* to, unsigned flags),
                (from_at, from, to_at, to, flags))
BEFORE_NOEXCEPT(link, kLink, (const char* from, const char* to), (from, to))
BEFORE_NOEXCEPT(linkat, kLink, (int from_at, const char* from, int to_at, const char* to, int flags),
                (from_at, from, to_at, to, flags))
BEFORE_NOEXCEPT(symlink, kLink, (const char* from, const char* to), (from, to))
BEFORE_NOEXCEPT(unlink, kUnlink, (const char* path), (path))
BEFORE_NOEXCEPT(unlinkat, kUnlink, (int at, const char* path, int flags), (at, path, flags))
BEFORE_NOEXCEPT(remove, kUnlink, (const char* path), (path))
BEFORE_NOEXCEPT(rmdir, kUnlink, (const char* path), (path))
BEFORE_NOEXCEPT(mkdir, kMakeFolder, (const char* path, mode_t mode), (path, mode))
BEFORE_NOEXCEPT(mkdirat, kMakeFolder, (int at, const char* path, mode_t mode), (at, path, mode))
BEFORE_NOEXCEPT(truncate, kTruncate, (const char* path, off_t size), (path, size))
BEFORE_NOEXCEPT(truncate64, kTruncate, (const char* path, off64_t size), (path, size))
BEFORE_NOEXCEPT(ftruncate, kTruncate, (int file, off_t size), (file, size))
BEFORE_NOEXCEPT(ftruncate64, kTruncate, (int file, off64_t size), (file, size))

ssize_t send(int socket, const void* data, size_t size, int flags) {
  static const auto real = next("send", &::send);
  point(CallKind::kNetwork);
  return real(socket, data, size, flags);
}

ssize_t recv(int socket, void* data, size_t size, int flags) {
  static const auto real = next("recv", &::recv);
  point(CallKind::kNetwork);
  return real(socket, data, size, flags);
}

long syscall(long number, ...) noexcept {
  static const auto real = next("syscall", &::syscall);
  va_list arguments;
  va_start(arguments, number);
  long values[6];
  for (long& value : values) value = va_arg(arguments, long);
  va_end(arguments);
  if (const auto kind = kind_of(number, values)) point(*kind);
  return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}
}
