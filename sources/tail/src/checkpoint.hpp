// The state of a tail on disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::tail {

/// What is known of one file, or of what a file held until it was truncated.
struct FileMark {
  Uuid identity = {};  ///< Drawn when it was first seen.
  std::string path = {};
  std::uint64_t inode = 0;
  std::uint64_t beginning = 0;        ///< Hash of its first bytes.
  std::uint64_t beginning_bytes = 0;  ///< So many.
  std::uint64_t offset = 0;           ///< All before it is stored.
  std::uint64_t lines = 0;            ///< Before the offset.
  std::uint64_t block_end = 0;  ///< The block that begins at the offset, while it is being stored; else 0.
  sys_seconds block_time{};     ///< When it was made.
  sys_seconds seen{};           ///< The file, last.
  bool is_finished = false;     ///< It was renamed or removed, and read to its end.
  std::string read_as = {};     ///< The form and the defaults of its lines, for people; empty: not known.
};

/// Files of unknown content are never guessed at. No file: no marks. Errors: as Tail::open.
Result<std::vector<FileMark>> read_marks(const std::filesystem::path& folder, spool::FileSystem& disk);

/// Replaces all marks at once, synced.
Result<void> write_marks(const std::filesystem::path& folder, const std::vector<const FileMark*>& marks,
                         spool::FileSystem& disk);

}  // namespace optiinfra::tail
