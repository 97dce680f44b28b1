/// @file optiinfra/transport/folder_fault.hpp
/// Finds faults in the folder of an embedded store without the engine, and so also when the engine does not
/// start.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Whether faults are repaired or only reported.
enum class FolderRepair { kNone, kRepair };

struct FolderFault {
  std::string place;   ///< Path below the store's folder, or the folder itself.
  std::string what;    ///< "the definition of cost_metrics_ts is empty".
  std::string remedy;  ///< What was done or, when `is_repaired` is false, what to do.
  bool is_repaired = false;
  bool stops_engine = false;  ///< The engine would not start, or would hide rows.
};

/// Examines the embedded store in `folder`, which no other process may have open, and with kRepair repairs
/// it: definitions, mutations, deduplication logs, leftovers of interrupted work, folders without a
/// definition. Rows are never removed.
/// Errors: those of opening the folder; kStorage for a file that cannot be read or written.
Result<std::vector<FolderFault>> examine_folder(const std::filesystem::path& folder, FolderRepair repair);

/// A folder with rows of a table that has no definition.
struct UnnamedTable {
  std::string uuid;                  ///< What ATTACH TABLE ... UUID takes.
  std::vector<std::string> columns;  ///< Names, of one of its parts.
};

/// Such folders of the embedded store that this process has open; empty when it has none open. Threads: any.
std::vector<UnnamedTable> unnamed_tables();

/// The faults that were found when this process opened its embedded store, or the store that it serves: they
/// were repaired, but for a store that is open for reading only.
/// Each fault is returned once. Threads: any.
std::vector<FolderFault> take_faults_of_opening();

}  // namespace optiinfra
