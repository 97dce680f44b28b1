/// Repair of the engine's deduplication logs after the process was killed.
#pragma once

#include <filesystem>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Makes every deduplication log below `engine_path` agree with the parts that exist.
///
/// The engine (26.7) writes "this token is stored in part P" and only then makes part P permanent.
/// Killed in between, it would take the retry for a repetition and lose the rows. Here a torn last
/// line is cut, and a line is removed whose part neither exists nor was merged into one that does.
/// Call before the engine opens the path. Files that need no change are not written; a changed one
/// is replaced whole. Repeating the call is safe.
///
/// Errors: kStorage; kCorrupt for a log with an invalid line, naming it: the engine reads no
/// further than such a line and forgets the tokens after it. That log is left alone, all others are
/// repaired.
///
/// Covers a killed process on a machine that runs on. After a power loss the log, which the engine
/// never syncs, may lack lines of parts that exist (a retry would then store twice) and a part may be
/// listed that is damaged: only a comparison with the rows themselves can tell.
Result<void> repair_deduplication_logs(const std::filesystem::path& engine_path);

/// The logs for which repair_deduplication_logs() gives kCorrupt.
Result<std::vector<std::filesystem::path>> broken_deduplication_logs(
    const std::filesystem::path& engine_path);

/// The folders of the tables that have such logs.
Result<std::vector<std::filesystem::path>> tables_with_logs(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
