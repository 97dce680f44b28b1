/// Imports one file, from its first byte to its last record in the ledger.
#pragma once

#include <chrono>
#include <functional>

#include "inputs.hpp"
#include "ledger.hpp"
#include "map_choice.hpp"
#include "optiinfra/import/import.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "plan.hpp"
#include "record_block.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// The moments at which a test kills the process.
enum class ImportPoint { kBegun, kRejectedWritten, kBlockInserted, kBlockRecorded };

/// What tests change: where the process dies, and blocks small enough to have many.
struct ImportTestSettings {
  std::function<void(ImportPoint)> reached = {};
  BlockLimits limits = {};
  BlockLimits former_limits = kFormerLimits;
  bool may_read_plain = true;  ///< Without the engine, what needs none of it.
};

/// What the files of one call have in common.
struct ImportJob {
  Client& client;
  Writer& writer;
  Session& reader;  ///< Reads files; stores nothing.
  const Inputs& inputs;
  const ImportOptions& options;
  std::chrono::days retention;
  std::chrono::days rollup_retention;
  const ImportTestSettings& test;
};

/// A file, and what its import is called.
struct FileToImport {
  std::size_t index = 0;  ///< In ImportOptions::files.
  SourceFile file;
  PreparedMap* map = nullptr;  ///< Of the choice, and not null.
  FileFormat format;
  ImportOrigin origin;
  bool is_begun_now = false;  ///< Its record was made by this call, and none of its rows is stored.
  /// What the imports that it continues have handled, stored and refused of it.
  ImportState before = {};
};

struct ImportedFile {
  FileReport report;
  ImportState state;  ///< As the ledger has it.
};

/// Stores what of the file is not stored yet.
Result<ImportedFile> import_file(const ImportJob& job, FileToImport target);

/// Reads the file as import_file() would, and stores nothing. The rows that can be stored.
Result<std::uint64_t> check_file(const ImportJob& job, const FileToImport& target);

/// The deliveries that the file's rows belong to, by PreparedMap::delivery, which is there: different names,
/// in the file's order, not more than `count_max`. Rows without one do not count. Stores nothing.
Result<std::vector<std::string>> deliveries_of(const ImportJob& job, const FileToImport& target,
                                               std::size_t count_max);

/// import_files() for tests. An import must be completed with the block sizes that it was begun with.
Result<ImportReport> import_files(Client& client, const ImportOptions& options,
                                  const ImportTestSettings& test);

}  // namespace optiinfra
