/// The folder in which the engine works while it reads a store that it must not write to.
#pragma once

#include <filesystem>
#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Most bytes that questions may spill to it.
inline constexpr std::uint64_t kSpilledBytesMax = std::uint64_t{256} << 20;

/// A temporary folder with copies of a store's definitions, which are small; the parts stay where they are
/// and are read as a disk that takes no writes (configuration.hpp). Removed with the object, and by the next
/// one where the process was killed. A definition that is broken or lost is taken from the store's copy of
/// the definitions.
///
/// What a killed process left in the store needs no repair for reading: parts are published whole by a
/// rename, and the engine's logs of tokens, which a kill can leave wrong, serve inserts alone.
class ReadingFolder {
 public:
  /// Below TMPDIR, /dev/shm, /tmp or /var/tmp, whichever first has room. Errors: kStorage, also
  /// where a file of a table is broken for which the engine does not start.
  static Result<ReadingFolder> create(const std::filesystem::path& engine_path);

  ReadingFolder(ReadingFolder&& other) noexcept;
  ReadingFolder& operator=(ReadingFolder&&) = delete;
  ~ReadingFolder();

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  ReadingFolder(std::filesystem::path path, int held) : path_(std::move(path)), held_(held) {}

  std::filesystem::path path_;
  int held_ = -1;  ///< Locks the folder (flock), which tells other processes that it is in use.
};

}  // namespace optiinfra::embedded
