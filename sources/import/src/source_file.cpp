#include "source_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace optiinfra {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

Error cannot_read(std::string_view doing, const std::filesystem::path& path, int code) {
  const ErrorKind kind =
      code == ENOENT || code == ENOTDIR ? ErrorKind::kInvalidArgument : ErrorKind::kStorage;
  return {kind, "cannot " + std::string(doing) + " " + path.string() + ": " + std::strerror(code)};
}

Error unfit(const std::filesystem::path& path, std::string_view what) {
  return invalid_argument(path.string() + " " + std::string(what));
}

}  // namespace

Uuid hash_of(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return Uuid{hash.high64, hash.low64};
}

Result<SourceFile> SourceFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a named pipe must not wait for its other end.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return cannot_read("open", path, errno);
  SourceFile file(path, descriptor, 0);
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return cannot_read("examine", path, errno);
  if (S_ISDIR(status.st_mode)) return unfit(path, "is a folder; name the files in it");
  if (!S_ISREG(status.st_mode)) return unfit(path, "is no regular file, and only those can be read twice");
  if (status.st_size == 0) return unfit(path, "is empty");
  file.size_bytes_ = static_cast<std::uint64_t>(status.st_size);
  file.mark_ = {.device = status.st_dev,
                .inode = status.st_ino,
                .written_s = status.st_mtim.tv_sec,
                .written_ns = status.st_mtim.tv_nsec};
  return file;
}

Result<SourceFile> SourceFile::read_pipe(int pipe, const std::filesystem::path& name, std::uint64_t bytes_max,
                                         const std::function<void()>& on_wait) {
  constexpr int kWaitMs = 200;
  OPTIINFRA_TRY(SourceFile copy, make_temporary(name));
  std::vector<char> buffer(kReadBytes);
  std::uint64_t bytes = 0;
  while (true) {
    on_wait();
    pollfd waiting{.fd = pipe, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waiting, 1, kWaitMs);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    const ssize_t size = ::read(pipe, buffer.data(), buffer.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size < 0) return cannot_read("read", name, errno);
    if (size == 0) break;
    bytes += static_cast<std::uint64_t>(size);
    if (bytes > bytes_max)
      return Error{ErrorKind::kTooLarge, name.string() + " is over the limit of " +
                                             std::to_string(bytes_max >> 30) +
                                             " GiB; write it to a file, and import that. Nothing was stored"};
    OPTIINFRA_CHECK(copy.append(std::string_view(buffer.data(), static_cast<std::size_t>(size))));
  }
  if (bytes == 0) return unfit(name, "is empty");
  copy.take_size();
  return copy;
}

SourceFile::SourceFile(SourceFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_bytes_(other.size_bytes_),
      mark_(other.mark_) {}

SourceFile& SourceFile::operator=(SourceFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(mark_, other.mark_);
  return *this;
}

Result<SourceFile> SourceFile::make_copy() const { return make_temporary(path_); }

Result<SourceFile> SourceFile::make_temporary(std::filesystem::path path) {
  std::error_code code;
  std::string name = (std::filesystem::temp_directory_path(code) / "optiinfra-import-XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return cannot_read("make a temporary copy in", name, errno);
  ::unlink(name.c_str());
  return SourceFile(std::move(path), descriptor, 0);
}

Result<void> SourceFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return cannot_read("write a temporary copy of", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> SourceFile::expect_unchanged() const {
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0) return cannot_read("examine", path_, errno);
  if (static_cast<std::uint64_t>(status.st_size) == size_bytes_) return {};
  return Error{ErrorKind::kConflict,
               path_.string() + " changed its size while it was imported (" + std::to_string(size_bytes_) +
                   " to " + std::to_string(status.st_size) +
                   " bytes): import a file that nobody writes to, such as a rotated log or a copy. The same "
                   "command again takes back what is stored of it and imports it as it is then"};
}

void SourceFile::take_size() {
  struct stat status{};
  if (::fstat(descriptor_, &status) == 0) size_bytes_ = static_cast<std::uint64_t>(status.st_size);
}

SourceFile::~SourceFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::size_t> SourceFile::read_at(std::uint64_t offset, std::span<unsigned char> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const ssize_t size =
        ::pread(descriptor_, into.data() + filled, into.size() - filled, static_cast<off_t>(offset + filled));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return cannot_read("read", path_, errno);
    if (size == 0) break;
    filled += static_cast<std::size_t>(size);
  }
  return filled;
}

void SourceFile::let_go() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<SourceFile> SourceFile::again() const {
  if (descriptor_ < 0) {
    OPTIINFRA_TRY(SourceFile file, open(path_));
    if (file.mark_ == mark_ && file.size_bytes_ == size_bytes_) return file;
    return Error{
        ErrorKind::kConflict,
        path_.string() +
            " was written to or replaced while the files of its delivery were read: import files that "
            "nobody writes to"};
  }
  const int descriptor = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return cannot_read("open", path_, errno);
  SourceFile file(path_, descriptor, size_bytes_);
  file.mark_ = mark_;
  return file;
}

Result<SourceFile::Hashes> SourceFile::hashes(std::string_view rest,
                                              const std::set<std::uint64_t>& lengths) const {
  Hashes hashes;
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  const auto digest = [&state] {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return Uuid{hash.high64, hash.low64};
  };
  std::vector<unsigned char> buffer(kReadBytes);
  auto next = lengths.begin();
  for (std::uint64_t offset = 0; offset < size_bytes_;) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kReadBytes, size_bytes_ - offset));
    OPTIINFRA_TRY(const std::size_t size, read_at(offset, std::span(buffer).first(wanted)));
    if (size == 0) break;  // It was cut off meanwhile: expect_unchanged() says so.
    std::size_t taken = 0;
    for (; next != lengths.end() && *next <= offset + size; ++next) {
      const std::size_t more = static_cast<std::size_t>(*next - offset) - taken;
      XXH3_128bits_update(&state, buffer.data() + taken, more);
      taken += more;
      hashes.content[*next] = digest();
    }
    XXH3_128bits_update(&state, buffer.data() + taken, size - taken);
    offset += size;
  }
  hashes.content[size_bytes_] = digest();
  // The length keeps content and rest apart.
  const std::string tail = "\n" + std::to_string(size_bytes_) + "\n" + std::string(rest);
  XXH3_128bits_update(&state, tail.data(), tail.size());
  hashes.identity = digest();
  return hashes;
}

std::string SourceFile::engine_path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

}  // namespace optiinfra
