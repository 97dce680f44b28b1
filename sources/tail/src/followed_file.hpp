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

/// What the system says of a file.
struct FileLook {
  FilePlace place = {};
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< Nanoseconds since 1970.
  std::uint64_t links = 0;    ///< Names that it has; 0 once it was removed.
};

/// Errors: kStorage with the system's reason; kInvalidArgument for what is no regular file. Nothing when it
/// does not exist.
Result<std::optional<FileLook>> look_at(const std::filesystem::path& path);

/// The files that `pattern`, whose last part may have * and ? in it, names now, by name. Errors: kStorage
/// when its folder cannot be listed.
Result<std::vector<std::filesystem::path>> files_of(const std::string& pattern);

/// Whether `pattern` names a file of this path.
bool is_named_by(const std::string& pattern, const std::filesystem::path& path);

/// Threads: one at a time. It reads; nothing writes.
class LogFile {
 public:
  /// Errors: kStorage; kInvalidArgument for what is no regular file.
  static Result<LogFile> open(const std::filesystem::path& path);
  ~LogFile();
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;

  const FilePlace& place() const noexcept { return place_; }

  Result<FileLook> look() const;

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
