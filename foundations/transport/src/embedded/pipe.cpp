#include "embedded/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace {

std::string name_of(int end) { return "/proc/self/fd/" + std::to_string(end); }

}  // namespace

Result<Pipe> Pipe::open() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return storage_error("/proc/self/fd", "cannot open a pipe in", errno);
  return Pipe(ends[0], ends[1]);
}

Pipe::Pipe(Pipe&& other) noexcept
    : ends_{std::exchange(other.ends_[0], -1), std::exchange(other.ends_[1], -1)} {}

Pipe::~Pipe() {
  for (const int end : ends_) {
    if (end >= 0) ::close(end);
  }
}

std::string Pipe::read_name() const { return name_of(ends_[0]); }
std::string Pipe::write_name() const { return name_of(ends_[1]); }

void Pipe::write(std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(ends_[1], text.data(), text.size());
    if (size < 0 && errno != EINTR) return;
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
}

void Pipe::close_write_end() {
  if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
}

std::string Pipe::read_line() {
  std::string line;
  for (char character = 0;;) {
    const auto size = ::read(ends_[0], &character, 1);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return {};
    if (character == '\n') return line;
    line += character;
  }
}

}  // namespace optiinfra::embedded
