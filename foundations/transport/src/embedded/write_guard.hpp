/// Keeps the engine from publishing files after its disk refused a write.
///
/// Engine 26.7 continues after many failed writes: of most files of a part that an insert or a merge makes,
/// and of a table's definition. It then gives the unfinished file or folder its final name, tells the client
/// that all is well and, after a merge, deletes the parts that were merged (docs/reliability.md has the
/// table).
///
/// So libchdb's calls to the disk go through functions of ours. They pass every call on unchanged. When a
/// write, a sync or a truncation fails, they note the file, and from then on refuse to rename that file, or a
/// folder that holds it, with the error of the failed call. The engine handles a failed rename correctly:
/// the insert fails, the merge is given up and its sources stay, the old definition stays valid.
///
/// A failed write to a file that already has its final name (a log, a folder's own entry) cannot be stopped
/// in this way: it is a failure of the store until it is opened again, see failure().
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "embedded/library.hpp"

namespace optiinfra::embedded::write_guard {

/// Failed files that are remembered. With more than these every rename of the engine is refused.
constexpr std::size_t kFailedPathsMax = 4096;

/// Puts the functions in place, once for the process. Call before the engine boots.
/// Errors: those of replace_imported_functions.
Result<void> install(const Library& library);

/// What to do when a file with its final name could not be written; called at most once, in the engine's
/// thread that met the failure, before the engine learns of it.
using OnFailure = std::function<void(const Error&)>;

/// Begins with a clean state: an engine is about to boot whose files lie below `engine_path`. Failures
/// elsewhere are not looked at. `on_failure` may be empty.
void begin(const std::filesystem::path& engine_path, OnFailure on_failure = {});

/// The first failed write since begin() to a file with its final name: kStorage, applied unknown, names the
/// file. What the engine holds in memory may differ from the disk from then on; the store has to be opened
/// again.
std::optional<Error> failure();

}  // namespace optiinfra::embedded::write_guard
