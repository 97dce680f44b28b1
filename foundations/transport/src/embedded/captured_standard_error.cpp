#include "embedded/captured_standard_error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace optiinfra::embedded {

CapturedStandardError::CapturedStandardError()
    : captured_(::memfd_create("optiinfra-stderr", MFD_CLOEXEC)),
      original_(captured_ < 0 ? -1 : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
  std::fflush(stderr);
  if (original_ >= 0) ::dup2(captured_, STDERR_FILENO);
}

CapturedStandardError::~CapturedStandardError() {
  (void)take();
  if (captured_ >= 0) ::close(captured_);
}

std::string CapturedStandardError::take() {
  if (original_ < 0) return {};
  std::fflush(stderr);
  ::dup2(original_, STDERR_FILENO);
  ::close(std::exchange(original_, -1));
  std::string text(std::size_t{64} << 10, '\0');
  const auto size = ::pread(captured_, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

std::string first_line(const std::string& text) {
  const std::size_t end = text.find('\n');
  // With a log file, the engine begins by saying where it is.
  if (text.starts_with("Logging ") && end != std::string::npos && end + 1 < text.size())
    return first_line(text.substr(end + 1));
  return text.substr(0, end);
}

}  // namespace optiinfra::embedded
