/// Reads which files a spool's folder has, and what their headers and the checkpoint say.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "checkpoint.hpp"

namespace optiinfra::spool {

struct SegmentFile {
  SegmentName name;
  std::optional<SegmentHeader> header;  ///< Nothing when it is damaged.
};

struct Survey {
  std::vector<SegmentFile> segments;  ///< To be read; ascending.
  std::vector<SegmentName>
      leftovers;  ///< Done; a crash came between the checkpoint that says so and the deletion.
  std::unique_ptr<CheckpointFile> checkpoint_file;
  std::optional<Checkpoint> checkpoint;
  bool damaged_slot = false;  ///< The checkpoint may not be the last one that was written.
  Uuid identity = {};
  std::uint64_t last_number = 0;  ///< Largest number in use; 0: none.
  std::uint64_t last_run = 0;     ///< Run of the largest first sequence in use.
  std::uint64_t damaged_kept = 0;

  const CheckpointSegment* listed(std::uint64_t number) const noexcept;
  /// Whether the checkpoint is as new as the segment, so that what it does not list is done.
  bool known_to_checkpoint(std::uint64_t number) const noexcept {
    return checkpoint && number <= checkpoint->last_segment;
  }
};

/// Errors: kIncompatible for a folder that holds files of another program and no spool. Call it before
/// anything is written to the folder.
Result<void> expect_spool_or_empty(FileSystem& files, const std::filesystem::path& folder);

/// Notes trouble in `report`. Errors: kStorage, kIncompatible, kCorrupt.
Result<Survey> survey(FileSystem& files, const std::filesystem::path& folder, RecoveryReport& report);

/// Adds a problem to the report, up to kSpoolProblemsMax.
void note(RecoveryReport& report, std::string problem);

}  // namespace optiinfra::spool
