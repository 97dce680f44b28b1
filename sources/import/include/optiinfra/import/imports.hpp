/// @file optiinfra/import/imports.hpp
/// The imports that a store knows, and how one is taken back.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  std::string path;      ///< As it was given. The file may be gone.
  std::string delivery;  ///< Of which it is a file; empty: of none.
  std::string map;       ///< The name of its map; empty when a program before schema version 10 imported it.
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;
  bool finished = false;             ///< Otherwise the same import, repeated, stores the rest.
  bool is_being_taken_back = false;  ///< Some of its rows may be gone; `imports undo` removes the rest.
  sys_seconds begun{};
  sys_seconds recorded{};                  ///< When its last block was recorded.
  std::vector<std::uint64_t> blocks = {};  ///< Where each of its blocks begins in the file.

  Uuid content = {};  ///< Hash of the file's bytes; nil when a program before schema version 10 imported it.
  std::uint64_t content_bytes = 0;
  Uuid reading = {};    ///< Hash of family, format and map.
  Uuid continues = {};  ///< The import whose rows its file begins with, and which are not its own; nil: none.
  std::optional<TimeRange> times = {};  ///< From its oldest to just after its newest row; absent: unknown.
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

/// Removes the rows of imports from the raw table, makes the rollup hours without them, and forgets the
/// imports, in this order. A call that was killed is completed by the same call; until then the imports are
/// marked, and import_files() completes it before it imports one of these files. The files can be imported
/// again afterwards. Hours of attributed cost are made again by the next `attribute` of them. The imports are
/// of one family. None: nothing is done.
///
/// Errors: kConflict, changing nothing, when rows of an import are so old that their hours cannot be made
/// again, because raw rows of these may have expired or have, when it may still be running, and when another
/// one, which stays, continues it; kCorrupt, changing nothing, while parts of the store are set aside, which
/// may hold rows of it; kStorage where the disk has no room for parts without the rows; those of the engine.
Result<UndoReport> undo_imports(Client& client, std::span<const ImportRecord> imports);

/// The errors that undo_imports() would find before it changes anything.
Result<void> expect_removable(Client& client, std::span<const ImportRecord> imports);

}  // namespace optiinfra
