/// Recovers the content of a spool's folder, whatever happened to it.
#pragma once

#include <memory>

#include "checkpoint.hpp"
#include "ledger.hpp"

namespace optiinfra::spool {

/// Damaged segments that are set aside rather than deleted; further ones are deleted.
inline constexpr std::uint64_t kDamagedKeptMax = 16;

struct Recovered {
  RecoveryReport report = {};
  Ledger ledger = {};
  std::unique_ptr<CheckpointFile> checkpoint_file = {};
  Checkpoint checkpoint = {};  ///< The one written at the end of the recovery; without its lists.
  std::uint64_t damaged_kept = 0;
};

/// The first sequence of an opening.
inline Sequence first_sequence_of(std::uint64_t run) noexcept { return run << 32; }

/// Reads and checks every segment, begins a new run, and deletes what is done. Needs the folder's lock.
///
/// Nothing is changed until the new checkpoint is written, so an error (kStorage, kIncompatible, kCorrupt
/// when no place has the identity) leaves everything to the next attempt.
Result<Recovered> recover(FileSystem& files, const std::filesystem::path& folder);

/// Takes a segment whose records are done out of the folder: deletes it, or sets a damaged one aside.
Result<void> discard(FileSystem& files, const std::filesystem::path& folder, const Segment& segment,
                     std::uint64_t& damaged_kept);

}  // namespace optiinfra::spool
