// A log that is open for reading, and the files that a pattern names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::tail {

/// Bytes at the beginning of a file that tell it from others.
inline constexpr std::uint64_t kBeginningBytes = 1'024;

/// Which file it is, among those of a machine that is running.
struct FilePlace {
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};

/// Nothing when there is no regular file of that name.
std::optional<FilePlace> place_of(const std::filesystem::path& path);

/// The files that `pattern`, whose last part may have * and ? in it, names now, by name.
std::vector<std::filesystem::path> files_of(const std::string& pattern);

/// Threads: one at a time. It reads; nothing writes.
class LogFile {
 public:
  /// Errors: kStorage; kInvalidArgument for what is no regular file.
  static Result<LogFile> open(const std::filesystem::path& path);
  ~LogFile();
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;

  const FilePlace& place() const noexcept { return place_; }

  Result<std::uint64_t> size() const;

  /// Less than asked for only at the end of the file.
  Result<std::string> read(std::uint64_t offset, std::size_t bytes) const;

  /// A hash of the first bytes; nothing when the file is shorter.
  Result<std::optional<std::uint64_t>> beginning(std::uint64_t bytes) const;

 private:
  LogFile(int descriptor, FilePlace place, std::string path)
      : descriptor_(descriptor), place_(place), path_(std::move(path)) {}

  int descriptor_ = -1;
  FilePlace place_;
  std::string path_;
};

}  // namespace optiinfra::tail
