/// Makes the records of inserts that have returned survive a power loss.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// The deduplication logs of one store, which the engine writes and never syncs.
///
/// Table settings make the engine sync the contents of a new part before the part gets its name. The name, in
/// the table's folder, and the record of its token, in the log, are left unsynced: both are synced here, for
/// every table whose log has grown since the last time. So one call serves all inserts that had returned when
/// it began; threads that call it meanwhile wait and mostly find their work done. Threads: any.
class LogSync {
 public:
  explicit LogSync(std::filesystem::path engine_path) : engine_path_(std::move(engine_path)) {}

  /// Errors: kStorage, and the same for every later call: after a failed sync the system forgets which bytes
  /// have not reached the disk, and a second one that succeeds would prove nothing.
  Result<void> sync();

 private:
  using Sizes = std::map<std::filesystem::path, std::uintmax_t>;  ///< Of log files.

  Result<void> sync_table(const std::filesystem::path& table);

  const std::filesystem::path engine_path_;
  std::mutex mutex_;
  std::map<std::filesystem::path, Sizes> synced_;  ///< By table.
  std::optional<Error> failure_;
};

}  // namespace optiinfra::embedded
