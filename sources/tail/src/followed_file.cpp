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

FileLook look_of(const struct stat& status) {
  return {.place = {static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino)},
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
          .links = static_cast<std::uint64_t>(status.st_nlink)};
}

bool has_stars(const std::string& name) { return name.find_first_of("*?") != std::string::npos; }

bool fits(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

}  // namespace

Result<std::optional<FileLook>> look_at(const fs::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<FileLook>();
    return log_error(path.string(), "examined");
  }
  if (!S_ISREG(status.st_mode)) return invalid_argument(path.string() + " is no regular file");
  return std::optional(look_of(status));
}

Result<std::vector<fs::path>> files_of(const std::string& pattern) {
  const fs::path path(pattern);
  const std::string name = path.filename().string();
  if (!has_stars(name)) return std::vector<fs::path>{path};
  std::vector<fs::path> found;
  std::error_code failure;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure))
    if (fits(name, at->path().filename().string()))
      found.push_back(path.parent_path() / at->path().filename());
  if (failure)
    return Error{ErrorKind::kStorage, "the folder of " + pattern + " cannot be listed: " + failure.message()};
  std::ranges::sort(found);
  return found;
}

bool is_named_by(const std::string& pattern, const fs::path& path) {
  const fs::path named(pattern);
  const std::string name = named.filename().string();
  return has_stars(name) ? named.parent_path() == path.parent_path() && fits(name, path.filename().string())
                         : named == path;
}

Result<LogFile> LogFile::open(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return log_error(path.string(), "opened");
  LogFile file(descriptor, {}, path.string());
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return log_error(path.string(), "examined");
  if (!S_ISREG(status.st_mode)) return invalid_argument(path.string() + " is no regular file");
  file.place_ = look_of(status).place;
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

Result<FileLook> LogFile::look() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return log_error(path_, "examined");
  return look_of(status);
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
