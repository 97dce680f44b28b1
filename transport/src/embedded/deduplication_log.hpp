/// Repair of the engine's deduplication logs after the process was killed.
#pragma once

#include <filesystem>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Makes every deduplication log below `engine_path` agree with the parts that exist.
///
/// The engine (26.7) writes "this token is stored in part P" and only then makes part P permanent.
/// Killed in between, it would take the retry for a repetition and lose the rows. Here a torn last
/// line is cut, and a line is removed whose part neither exists nor was merged into one that does.
/// Call before the engine opens the path. Files that need no change are not written; a changed one
/// is replaced whole. Errors: kStorage; repeating the call is safe.
Result<void> repair_deduplication_logs(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
