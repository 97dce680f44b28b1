/// @file optiinfra/spool/request_log.hpp
/// The keys of requests whose records have left the spool. The format on disk is specified in
/// docs/formats/spool.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/spool/file_system.hpp"
#include "optiinfra/spool/request_key.hpp"

namespace optiinfra::spool {

/// Keys in one file, which takes 4 MiB of disk. The log forgets one file of keys at a time.
inline constexpr std::uint32_t kRequestKeysPerFile = 131'072;
/// Most files at a time. Files with few keys come only from failed syncs.
inline constexpr std::size_t kRequestFilesMax = 1'024;

/// A log of keys in files `requests-<number>.log`, oldest first, in a spool's folder.
///
/// Threads: one at a time. Errors: kStorage when the disk refuses a call; keys that were appended before
/// stay.
class RequestLog {
 public:
  /// Names a file. Grows, never 0, below 2^31.
  using FileNumber = std::uint32_t;
  /// Receives a key and the file that holds it.
  using KeySink = std::function<void(FileNumber, const RequestKey&)>;

  /// Passes all keys to `found`, in the order in which they were appended. The caller holds the lock of the
  /// folder, which must exist; `files` must outlive the log. Damage is not an error: see problems(). Errors:
  /// kIncompatible for a file of a newer program; kStorage.
  static Result<std::unique_ptr<RequestLog>> open(const std::filesystem::path& folder, FileSystem& files,
                                                  const KeySink& found,
                                                  std::uint32_t keys_per_file = kRequestKeysPerFile);

  /// One sentence for each file with synced keys that cannot be read: repeats of those requests may count
  /// twice. A tail torn by a crash is not a problem.
  const std::vector<std::string>& problems() const noexcept { return problems_; }

  struct Appended {
    FileNumber file = 0;
    std::size_t keys = 0;
  };

  /// Appends the first of `keys`, at least one and as many as the newest file takes, and syncs them. After an
  /// error all keys of this call may be found by the next open() or not.
  Result<Appended> append(std::span<const RequestKey> keys);

  /// Oldest first.
  const std::vector<FileNumber>& files() const noexcept { return numbers_; }

  /// Removes the oldest file, with the keys in it. If the disk fails to remove it, the next open() finds it.
  void remove_oldest();

  /// Whether a file of this name in a spool's folder is one of such a log.
  static bool is_file_name(std::string_view name);

 private:
  struct Found;
  RequestLog(std::filesystem::path folder, FileSystem& files, std::uint32_t keys_per_file)
      : folder_(std::move(folder)), files_(files), keys_per_file_(keys_per_file) {}

  Result<Found> read(FileNumber number, const KeySink& found);
  void judge(const Found& file, const Found* next);
  void go_on_behind(const Found& last);
  Result<void> begin_file();
  void give_up_file();

  const std::filesystem::path folder_;
  FileSystem& files_;
  const std::uint32_t keys_per_file_;
  std::vector<std::string> problems_;
  std::vector<FileNumber> numbers_;
  FileNumber last_number_ = 0;        ///< Given to a file, which may be gone.
  std::unique_ptr<File> file_;        ///< The newest, while it takes keys.
  std::uint32_t entries_ = 0;         ///< Of it, synced.
  FileNumber synced_file_ = 0;        ///< The last one with a synced key; 0: none.
  std::uint32_t synced_entries_ = 0;  ///< Of that one.
};

}  // namespace optiinfra::spool
