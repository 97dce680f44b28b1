#include "embedded/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

Result<void> write_all(int file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return storage_error(path, "cannot write", written < 0 ? errno : ENOSPC);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file) != 0) return storage_error(path, "cannot sync", errno);
  return {};
}

}  // namespace

Error storage_error(const fs::path& path, std::string_view doing, int code) {
  return {ErrorKind::kStorage, std::string(doing) + " " + path.string() + ": " + std::strerror(code)};
}

Result<void> sync_file(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};
  const bool synced = file >= 0 && ::fdatasync(file) == 0;
  const int code = errno;
  if (file >= 0) ::close(file);
  if (!synced) return storage_error(path, "cannot sync", code);
  return {};
}

Result<void> sync_folder(const fs::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  const int code = errno;
  if (folder >= 0) ::close(folder);
  if (!synced) return storage_error(path, "cannot sync", code);
  return {};
}

Result<void> replace_file(const fs::path& path, std::string_view text, const fs::path& spare) {
  const int file = ::open(spare.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return storage_error(spare, "cannot create", errno);
  auto status = write_all(file, text, spare);
  ::close(file);
  if (status && ::rename(spare.c_str(), path.c_str()) != 0)
    status = storage_error(path, "cannot rename to", errno);
  if (!status) {
    ::unlink(spare.c_str());
    return status;
  }
  return sync_folder(path.parent_path());
}

}  // namespace optiinfra::embedded
