/// FILE.rejected.jsonl: the refused rows of one file, one JSON object on each line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// How much one file holds before it takes no more; the last line may go beyond. A small compressed file can
/// have millions of bad rows, and the first of them tell what is wrong.
struct RejectedLimits {
  std::uint64_t lines_max = 100'000;
  std::uint64_t bytes_max = std::uint64_t{64} << 20;
};

/// Created with the first line, so that a file without refused rows leaves nothing behind.
class RejectedFile {
 public:
  /// `folder` is where it lies; empty: in the folder of `imported`, or in the current folder where that
  /// cannot be written.
  RejectedFile(const std::filesystem::path& imported, const std::filesystem::path& folder,
               RejectedLimits limits = {});
  ~RejectedFile();
  RejectedFile(const RejectedFile&) = delete;
  RejectedFile& operator=(const RejectedFile&) = delete;

  /// Keeps the first `lines` whole lines that an interrupted import has left, and removes the rest. With 0
  /// the file goes. Call before the first append.
  /// Errors: kStorage, also for a file of that name that no import has written, which is left alone.
  Result<void> keep(std::uint64_t lines);

  /// Writes the line down, or passes over it when the file holds as much as it may.
  Result<void> append(std::string_view line);

  /// On success all lines are on the disk.
  Result<void> sync();

  std::uint64_t line_count() const noexcept { return line_count_; }

  /// The last line that keep() has kept; empty without one.
  const std::string& last_line() const noexcept { return last_line_; }

  /// Where the file is, or would be.
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  Result<void> open();
  Result<void> write_out();

  std::filesystem::path path_;
  RejectedLimits limits_;
  int descriptor_ = -1;
  std::uint64_t line_count_ = 0, byte_count_ = 0;
  std::string buffer_;
  std::string last_line_;
};

}  // namespace optiinfra
