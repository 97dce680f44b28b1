// Preloaded into a child of a test: writes down the calls that decide what survives, and fails some.
//
//   OPTIINFRA_CALLS=FILE           a line for each: "write PATH" (deduplication logs only), "sync PATH"
//   (fsync
//                                  and fdatasync), "rename PATH" (the new name)
//   OPTIINFRA_FAIL_LOG_WRITE=N     the N-th write to a deduplication log fails with EIO
//   OPTIINFRA_FAIL_SYNC=TEXT       every sync of a path that holds TEXT fails with EIO
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <typename Function>
Function next(const char* name, Function) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// The path of a descriptor; empty when it has none.
struct Path {
  explicit Path(int file) {
    char link[32];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const auto size = ::readlink(link, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
  }
  bool holds(const char* part) const { return std::strstr(text, part) != nullptr; }
  char text[4096];
};

void note(const char* call, const char* path) {
  static const char* const name = std::getenv("OPTIINFRA_CALLS");
  if (name == nullptr) return;
  static const int calls = ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  char line[4200];
  const int size = std::snprintf(line, sizeof line, "%s %s\n", call, path);
  ::syscall(SYS_write, calls, line, static_cast<size_t>(size));
}

bool log_write_fails() {
  static const char* const text = std::getenv("OPTIINFRA_FAIL_LOG_WRITE");
  static const int at = text == nullptr ? 0 : std::atoi(text);
  static std::atomic<int> count{0};
  return ++count == at;
}

bool sync_fails(const Path& path) {
  static const char* const part = std::getenv("OPTIINFRA_FAIL_SYNC");
  return part != nullptr && path.holds(part);
}

template <typename Real>
int sync_with(Real real, int file) {
  const Path path(file);
  note("sync", path.text);
  if (!sync_fails(path)) return real(file);
  errno = EIO;
  return -1;
}

}  // namespace

extern "C" {

int fsync(int file) {
  static const auto real = next("fsync", &fsync);
  return sync_with(real, file);
}

int fdatasync(int file) {
  static const auto real = next("fdatasync", &fdatasync);
  return sync_with(real, file);
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = next("rename", &rename);
  note("rename", to);
  return real(from, to);
}

ssize_t write(int file, const void* data, size_t size) {
  static const auto real = next("write", &write);
  const Path path(file);
  if (!path.holds("deduplication_log_")) return real(file, data, size);
  const bool fails = log_write_fails();
  note(fails ? "failed write" : "write", path.text);
  if (!fails) return real(file, data, size);
  errno = EIO;
  return -1;
}
}
