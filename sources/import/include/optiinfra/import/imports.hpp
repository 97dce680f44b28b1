/// @file optiinfra/import/imports.hpp
/// The imports that a store knows, and how one is taken back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// One file's import, as import_files() recorded it.
struct ImportRecord {
  Uuid id;  ///< FileReport::import_id.
  Family family = Family::kPerformance;
  std::string path;  ///< As it was given. The file may be gone.
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;
  bool finished = false;  ///< Otherwise the same import, repeated, stores the rest.
  sys_seconds begun{};
  sys_seconds recorded{};                  ///< When its last block was recorded.
  std::vector<std::uint64_t> blocks = {};  ///< Where each of its blocks begins in the file.
};

/// All of them, the latest first. Empty in a store without imports. Errors: those of a query.
Result<std::vector<ImportRecord>> list_imports(Client& client);

/// Rows of an import on one UTC day.
struct ImportDay {
  std::string day;  ///< "2026-11-29"
  std::uint64_t rows = 0;
};

/// The rows that are in the raw table now, by day: fewer than rows_stored when some are past their retention,
/// or were removed. Errors: those of a query.
Result<std::vector<ImportDay>> days_of_import(Client& client, const ImportRecord& import);

struct UndoReport {
  std::uint64_t rows_removed = 0;
  std::uint64_t hours_rebuilt = 0;  ///< Rollup rows (key and hour).
};

/// Removes the rows of an import from the raw table, makes the rollup hours without them, and forgets the
/// import, in this order: so a call that was killed is completed by the same call. The file can be imported
/// again afterwards. Hours of attributed cost are made again by the next `attribute` of them.
///
/// Errors: kConflict, changing nothing, when rows of the import are so old that their hours cannot be made
/// again, because raw rows of these may have expired, and when it may still be running; kCorrupt, changing
/// nothing, while parts of the store are set aside, which may hold rows of it; kStorage where the disk has no
/// room for parts without the rows; those of the engine.
Result<UndoReport> undo_import(Client& client, const ImportRecord& import);

}  // namespace optiinfra
