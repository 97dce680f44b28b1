#include "followed_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace optiinfra::tail {
namespace {

namespace fs = std::filesystem;

Error log_error(const std::string& path, const char* doing) {
  return {ErrorKind::kStorage, path + " cannot be " + doing + ": " + std::strerror(errno)};
}

FilePlace place_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)};
}

}  // namespace

std::optional<FilePlace> place_of(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return place_of(status);
}

std::vector<fs::path> files_of(const std::string& pattern) {
  const fs::path path(pattern);
  const std::string name = path.filename().string();
  if (name.find_first_of("*?") == std::string::npos) return {path};
  std::vector<fs::path> found;
  std::error_code ignored;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator at(folder, ignored), end; !ignored && at != end; at.increment(ignored))
    if (::fnmatch(name.c_str(), at->path().filename().c_str(), FNM_PERIOD) == 0)
      found.push_back(path.parent_path() / at->path().filename());
  std::ranges::sort(found);
  return found;
}

Result<LogFile> LogFile::open(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return log_error(path.string(), "opened");
  LogFile file(descriptor, {}, path.string());
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return log_error(path.string(), "examined");
  if (!S_ISREG(status.st_mode)) return invalid_argument(path.string() + " is no regular file");
  file.place_ = place_of(status);
  return file;
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

LogFile::LogFile(LogFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      place_(other.place_),
      path_(std::move(other.path_)) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(place_, other.place_);
  std::swap(path_, other.path_);
  return *this;
}

Result<std::uint64_t> LogFile::size() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return log_error(path_, "examined");
  return static_cast<std::uint64_t>(status.st_size);
}

Result<std::string> LogFile::read(std::uint64_t offset, std::size_t bytes) const {
  std::string text(bytes, '\0');
  std::size_t filled = 0;
  while (filled < bytes) {
    const auto got =
        ::pread(descriptor_, text.data() + filled, bytes - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return log_error(path_, "read");
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<std::optional<std::uint64_t>> LogFile::beginning(std::uint64_t bytes) const {
  OPTIINFRA_TRY(const std::string text, read(0, bytes));
  if (text.size() < bytes) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(XXH3_64bits(text.data(), text.size()));
}

}  // namespace optiinfra::tail
