#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::spool {
namespace fs = std::filesystem;
namespace {

Error storage_error(const fs::path& path, std::string_view doing, int code) {
  return {ErrorKind::kStorage, std::string(doing) + " " + path.string() + ": " + std::strerror(code)};
}

/// Repeats `call` while a signal interrupts it.
template <typename Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, fs::path path) : descriptor_(descriptor), path_(std::move(path)) {}

  Result<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_.get(), &status) != 0) return storage_error(path_, "cannot examine", errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const auto read = uninterrupted([&] {
        return ::pread(descriptor_.get(), into.data() + filled, into.size() - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (read < 0) return storage_error(path_, "cannot read", errno);
      if (read == 0) break;
      filled += static_cast<std::size_t>(read);
    }
    return filled;
  }

  Result<std::size_t> write(std::uint64_t offset,
                            std::span<const std::span<const std::byte>> parts) override {
    std::array<iovec, kFilePartsMax> vectors;
    for (std::size_t i = 0; i < parts.size(); ++i)
      vectors[i] = {const_cast<std::byte*>(parts[i].data()), parts[i].size()};
    const auto written = uninterrupted([&] {
      return ::pwritev(descriptor_.get(), vectors.data(), static_cast<int>(parts.size()),
                       static_cast<off_t>(offset));
    });
    if (written <= 0) return storage_error(path_, "cannot write", written < 0 ? errno : ENOSPC);
    return static_cast<std::size_t>(written);
  }

  Result<void> allocate(std::uint64_t bytes) override {
    const int failed =
        uninterrupted([&] { return ::fallocate(descriptor_.get(), 0, 0, static_cast<off_t>(bytes)); });
    if (failed == 0 || errno == EOPNOTSUPP || errno == ENOSYS) return {};
    return storage_error(path_, "cannot take disk space for", errno);
  }

  Result<void> truncate(std::uint64_t bytes) override {
    if (uninterrupted([&] { return ::ftruncate(descriptor_.get(), static_cast<off_t>(bytes)); }) != 0)
      return storage_error(path_, "cannot cut", errno);
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(descriptor_.get()) != 0) return storage_error(path_, "cannot sync", errno);
    return {};
  }

 private:
  Descriptor descriptor_;
  fs::path path_;
};

class PosixLock final : public FolderLock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  int get() const noexcept { return descriptor_.get(); }

 private:
  Descriptor descriptor_;
};

std::string read_holder(int lock) {
  char text[256] = {};
  const auto size = ::pread(lock, text, sizeof text - 1, 0);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : "an unknown process";
}

void write_holder(int lock) {
  std::ifstream file("/proc/self/comm");
  std::string name;
  std::getline(file, name);
  const std::string text = name + " (process " + std::to_string(::getpid()) + ")";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, text.data(), text.size(), 0) < 0) {
    // The name only helps the next process to explain itself; the lock holds without it.
  }
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<void> create_folder(const fs::path& folder) override {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return storage_error(folder, "cannot create", errno);
    std::error_code code;
    if (!fs::is_directory(folder, code)) return storage_error(folder, "cannot use", ENOTDIR);
    return sync_folder(fs::absolute(folder / "..", code));
  }

  Result<std::unique_ptr<FolderLock>> lock_folder(const fs::path& folder) override {
    const fs::path path = folder / "lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return storage_error(path, "cannot open", errno);
    auto lock = std::make_unique<PosixLock>(descriptor);
    if (uninterrupted([&] { return ::flock(descriptor, LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return storage_error(path, "cannot lock", errno);
      return Error{ErrorKind::kUnavailable, "the spool " + folder.string() + " is held by " +
                                                read_holder(descriptor) +
                                                "; it takes one process at a time: stop that one, or use "
                                                "another folder"};
    }
    write_holder(descriptor);
    return std::unique_ptr<FolderLock>(std::move(lock));
  }

  Result<std::vector<std::string>> list(const fs::path& folder) override {
    std::vector<std::string> names;
    std::error_code code;
    for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
      names.push_back(entry->path().filename().string());
    if (code) return storage_error(folder, "cannot list", code.value());
    return names;
  }

  Result<std::unique_ptr<File>> create(const fs::path& file) override {
    return open_file(file, O_CREAT | O_EXCL, "cannot create");
  }

  Result<std::unique_ptr<File>> open(const fs::path& file) override {
    return open_file(file, 0, "cannot open");
  }

  Result<void> rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return storage_error(from, "cannot rename", errno);
    return {};
  }

  Result<void> remove(const fs::path& file) override {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return storage_error(file, "cannot delete", errno);
    return {};
  }

  Result<void> sync_folder(const fs::path& folder) override {
    const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() < 0 || ::fsync(opened.get()) != 0) return storage_error(folder, "cannot sync", errno);
    return {};
  }

 private:
  static Result<std::unique_ptr<File>> open_file(const fs::path& path, int flags, std::string_view doing) {
    const int descriptor =
        uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, 0600); });
    if (descriptor < 0) return storage_error(path, doing, errno);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem files;
  return files;
}

}  // namespace optiinfra::spool
