/// @file optiinfra/tail/tail.hpp
/// Follows logs of requests and hands their lines over as rows, in blocks that count once.
///
/// The state folder holds `tail.json`: of each file which one it is (its inode and a hash of its first
/// bytes), for whom and how it was read, how far it was read, and how far the block goes that is being
/// stored. A block's bounds are on the disk before the block is handed over, so after a kill the same block
/// comes again, with the same rows and the same token; a store that knows tokens counts it once.
/// docs/sources.md tells what follows for rotation and truncation.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/spool/file_system.hpp"
#include "optiinfra/tail/form.hpp"

namespace optiinfra::tail {

/// Most bytes of one block, and so of a line; a longer line is left out and counted.
inline constexpr std::size_t kBlockBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kBlockLinesMax = 20'000;
/// Files that are begun, of all that the options name: the ones that were written to last.
inline constexpr std::size_t kFollowedFilesMax = 10'000;
/// Files that are open at the same time. Others are opened when they have grown.
inline constexpr std::size_t kOpenFilesMax = 64;
/// How long a renamed file must be quiet until it is taken to be over.
inline constexpr std::chrono::hours kRenamedQuiet{1};
/// The state remembers a file so long after it was seen last, so that it does not count again if it comes
/// back.
inline constexpr std::chrono::hours kMarkAgeMax{7 * 24};
/// Refused lines that are named in remarks, in one opening; all are counted.
inline constexpr std::size_t kLinesNamedMax = 10;

struct TailOptions {
  LogForm form;
  LineDefaults defaults = {};
  /// Each may be absent still. The last part may have * and ? in it; then all files that fit are followed.
  std::vector<std::string> files;
  /// Created when absent (its parent must exist); used by one tail at a time.
  std::filesystem::path state_folder;
  /// How long a file must have been removed, and quiet, until it is given up: a writer may have it open
  /// still.
  std::chrono::milliseconds rotated_grace{10'000};
  /// The same for one that was renamed. One that grows later is read on all the same.
  std::chrono::milliseconds renamed_quiet = kRenamedQuiet;
};

/// Lines of one file, to be stored whole.
struct TailBlock {
  PerformanceBatch rows;         ///< At least one.
  std::string token;             ///< Names them across kills; no other block has it.
  std::string file;              ///< As it was called last.
  std::uint64_t first_line = 0;  ///< Of the file, from 1.
};

struct TailCounts {
  std::uint64_t files = 0;         ///< That were read from.
  std::uint64_t lines = 0;         ///< Whole lines that were read.
  std::uint64_t rows = 0;          ///< Of blocks that are stored.
  std::uint64_t others = 0;        ///< Lines that are blank or no requests.
  std::uint64_t refused = 0;       ///< Lines that are no JSON, miss a column or break a rule.
  std::uint64_t too_long = 0;      ///< Lines.
  std::uint64_t behind_bytes = 0;  ///< Not read yet, when it was looked last.
};

/// Threads: one call at a time.
class Tail {
 public:
  /// Locks the state folder and reads it. `disk` is where the state lies, and must outlive the tail. Errors:
  /// kInvalidArgument when neither the form nor the defaults say whose the requests are, and for no file;
  /// kUnavailable when another tail has the folder; kCorrupt for a state that cannot be read; kIncompatible
  /// for one of a newer program; kStorage.
  static Result<Tail> open(TailOptions options, spool::FileSystem& disk = spool::posix_file_system());

  /// Acknowledges nothing.
  ~Tail();
  Tail(Tail&&) noexcept;
  Tail& operator=(Tail&&) noexcept;

  /// The next block, or nullptr when there is nothing to read now. Until stored() is called it is the same
  /// block. It is valid until the next call. A file that cannot be read is no error: see take_remarks().
  /// Errors: kStorage when the state cannot be written; the next call tries again.
  Result<const TailBlock*> next();

  /// The block of the last next() is stored.
  void stored();

  /// Writes how far was read. Without it the last block may come again, under its token.
  Result<void> close();

  /// What happened since the last call that people should know, a sentence each.
  std::vector<std::string> take_remarks();

  /// Since it was opened.
  TailCounts counts() const;

 private:
  class State;
  explicit Tail(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::tail
