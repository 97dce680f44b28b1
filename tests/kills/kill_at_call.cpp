// Preloaded into a program: ends it with SIGKILL just before its n-th call that changes what is on disk,
// counted over all threads: write, pwrite, writev and their like on regular files, fsync, fdatasync, rename,
// unlink, rmdir, truncate, ftruncate, fallocate, link; made by the program, by the engine, and through
// syscall().
//
// Or, with OPTIINFRA_KILL_CALLS=network, before its n-th send or recv.
//
//   OPTIINFRA_KILL_AT=n         which call; without it nothing is killed
//   OPTIINFRA_KILL_COUNT=file   how many calls there were, written when the process ends in order
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls{0};

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

void count_call() {
  static const long at = number_of("OPTIINFRA_KILL_AT");
  if (++calls != at) return;
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

void point() {
  if (!counts_network()) count_call();
}

void network_point() {
  if (counts_network()) count_call();
}

bool is_regular(int file) {
  struct stat status = {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

void point_at(int file) {
  if (is_regular(file)) point();
}

template <typename Function>
Function next(const char* name, Function) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

struct Report {
  ~Report() {
    const char* const path = std::getenv("OPTIINFRA_KILL_COUNT");
    if (path == nullptr) return;
    if (std::FILE* file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld\n", calls.load());
      std::fclose(file);
    }
  }
} report;

/// Whether syscall() is called for one of the calls above.
bool changes_disk(long number, int file) {
  switch (number) {
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
    case SYS_pwritev2:
      return is_regular(file);
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_renameat:
    case SYS_renameat2:
    case SYS_unlinkat:
    case SYS_ftruncate:
    case SYS_truncate:
    case SYS_linkat:
      return true;
    default:
      return false;
  }
}

}  // namespace

#define BEFORE(name, check, parameters, arguments) \
  int name parameters {                            \
    static const auto real = next(#name, &::name); \
    check;                                         \
    return real arguments;                         \
  }
#define BEFORE_NOEXCEPT(name, check, parameters, arguments) \
  int name parameters noexcept {                            \
    static const auto real = next(#name, &::name);          \
    check;                                                  \
    return real arguments;                                  \
  }
#define BEFORE_WRITE(name, parameters, arguments)  \
  ssize_t name parameters {                        \
    static const auto real = next(#name, &::name); \
    point_at(file);                                \
    return real arguments;                         \
  }

extern "C" {

BEFORE_WRITE(write, (int file, const void* data, size_t size), (file, data, size))
BEFORE_WRITE(pwrite, (int file, const void* data, size_t size, off_t at), (file, data, size, at))
BEFORE_WRITE(pwrite64, (int file, const void* data, size_t size, off64_t at), (file, data, size, at))
BEFORE_WRITE(writev, (int file, const iovec* parts, int count), (file, parts, count))
BEFORE_WRITE(pwritev, (int file, const iovec* parts, int count, off_t at), (file, parts, count, at))
BEFORE_WRITE(pwritev64, (int file, const iovec* parts, int count, off64_t at), (file, parts, count, at))
BEFORE(fsync, point(), (int file), (file))
BEFORE(fdatasync, point(), (int file), (file))
BEFORE(fallocate, point(), (int file, int mode, off_t at, off_t size), (file, mode, at, size))
BEFORE(fallocate64, point(), (int file, int mode, off64_t at, off64_t size), (file, mode, at, size))
BEFORE(posix_fallocate, point(), (int file, off_t at, off_t size), (file, at, size))
BEFORE_NOEXCEPT(rename, point(), (const char* from, const char* to), (from, to))
BEFORE_NOEXCEPT(renameat, point(), (int from_at, const char* from, int to_at, const char* to),
                (from_at, from, to_at, to))
BEFORE_NOEXCEPT(renameat2, point(),
                (int from_at, const char* from, int to_at, const char* to, unsigned flags),
                (from_at, from, to_at, to, flags))
BEFORE_NOEXCEPT(link, point(), (const char* from, const char* to), (from, to))
BEFORE_NOEXCEPT(linkat, point(), (int from_at, const char* from, int to_at, const char* to, int flags),
                (from_at, from, to_at, to, flags))
BEFORE_NOEXCEPT(unlink, point(), (const char* path), (path))
BEFORE_NOEXCEPT(unlinkat, point(), (int at, const char* path, int flags), (at, path, flags))
BEFORE_NOEXCEPT(remove, point(), (const char* path), (path))
BEFORE_NOEXCEPT(rmdir, point(), (const char* path), (path))
BEFORE_NOEXCEPT(truncate, point(), (const char* path, off_t size), (path, size))
BEFORE_NOEXCEPT(truncate64, point(), (const char* path, off64_t size), (path, size))
BEFORE_NOEXCEPT(ftruncate, point(), (int file, off_t size), (file, size))
BEFORE_NOEXCEPT(ftruncate64, point(), (int file, off64_t size), (file, size))

ssize_t send(int socket, const void* data, size_t size, int flags) {
  static const auto real = next("send", &::send);
  network_point();
  return real(socket, data, size, flags);
}

ssize_t recv(int socket, void* data, size_t size, int flags) {
  static const auto real = next("recv", &::recv);
  network_point();
  return real(socket, data, size, flags);
}

long syscall(long number, ...) noexcept {
  static const auto real = next("syscall", &::syscall);
  va_list arguments;
  va_start(arguments, number);
  long values[6];
  for (long& value : values) value = va_arg(arguments, long);
  va_end(arguments);
  if (changes_disk(number, static_cast<int>(values[0]))) point();
  return real(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}
}
