// Preloaded into a child of the kill test: ends it with SIGKILL at the n-th point, counted over all of
// its threads. Points lie before and behind every rename, and before, in the middle of and behind
// every write to a deduplication log. OPTIINFRA_KILL_AT names n; without it nothing happens.
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace {

bool is_reached() {
  static const char* const text = std::getenv("OPTIINFRA_KILL_AT");
  static const int at = text == nullptr ? 0 : std::atoi(text);
  static std::atomic<int> count{0};
  return ++count == at;
}

void end_process() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

void point() {
  if (is_reached()) end_process();
}

template <typename Function>
Function next(const char* name, Function) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool is_deduplication_log(int file) {
  char link[64] = "/proc/self/fd/", path[4096] = {};
  char digits[16];
  int length = 0;
  for (int rest = file; length == 0 || rest > 0; rest /= 10)
    digits[length++] = static_cast<char>('0' + rest % 10);
  std::reverse_copy(digits, digits + length, link + std::strlen(link));
  return ::readlink(link, path, sizeof path - 1) > 0 && std::strstr(path, "deduplication_log_") != nullptr;
}

}  // namespace

extern "C" {

int rename(const char* from, const char* to) noexcept {
  static const auto real = next("rename", &rename);
  point();
  const int result = real(from, to);
  point();
  return result;
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) noexcept {
  static const auto real = next("renameat2", &renameat2);
  point();
  const int result = real(from_folder, from, to_folder, to, flags);
  point();
  return result;
}

ssize_t write(int file, const void* data, size_t size) {
  static const auto real = next("write", &write);
  if (!is_deduplication_log(file)) return real(file, data, size);
  point();
  if (is_reached()) {
    (void)real(file, data, size / 2);
    end_process();
  }
  const ssize_t result = real(file, data, size);
  point();
  return result;
}
}
