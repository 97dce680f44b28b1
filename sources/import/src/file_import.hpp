/// Imports one file, from its first byte to its last record in the ledger.
#pragma once

#include <chrono>
#include <functional>

#include "optiinfra/import/import.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "plan.hpp"
#include "record_block.hpp"

namespace optiinfra {

/// The moments at which a test kills the process.
enum class ImportPoint { kBegun, kRejectedWritten, kBlockInserted, kBlockRecorded };

/// What tests change: where the process dies, and blocks small enough to have many.
struct ImportTestSettings {
  std::function<void(ImportPoint)> reached = {};
  BlockLimits limits = {};
};

/// What the files of one call have in common.
struct ImportJob {
  Client& client;
  Writer& writer;
  Session& reader;  ///< Reads files; stores nothing.
  const ImportOptions& options;
  const CheckedMap& map;
  std::chrono::days retention;
  TypesOfValues& known_types;
  const ImportTestSettings& test;
};

Result<FileReport> import_file(const ImportJob& job, std::size_t file_index);

/// import_files() for tests. An import must be completed with the block sizes that it was begun with.
Result<ImportReport> import_files(Client& client, const ImportOptions& options,
                                  const ImportTestSettings& test);

}  // namespace optiinfra
