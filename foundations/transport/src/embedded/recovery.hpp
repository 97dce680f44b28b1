/// Repairs a store's folder before the engine opens it, because the engine would not start or would hide
/// rows: definitions, mutations, format files. Files that the engine must not see are moved to `set-aside` in
/// the store's folder.
#pragma once

#include <filesystem>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/folder_fault.hpp"

namespace optiinfra::embedded {

/// Finds what keeps the engine from starting, or hides tables, below `engine_path`; with kRepair restores it.
/// The engine must not run on the folder, whose lock the caller holds. Repeating the call is safe, also after
/// a kill in the middle.
///
/// - A definition that is empty or cut, or missing although its table's rows are there, gets its text from
///   the copy. Without a copy the database's definition is written from the folder's name, and any other is
///   set aside; the layer above creates the object again.
/// - A mutation that is empty or cut is set aside: the rows that it has not changed stay unchanged.
/// - An empty format_version.txt is written again.
///
/// Errors: kStorage, naming the file; earlier repairs stay.
Result<std::vector<FolderFault>> recover_folder(const std::filesystem::path& engine_path,
                                                FolderRepair repair);

/// Folders of tables and databases that no definition names, below `engine_path`. Those of dropped tables,
/// which wait for their removal, are left out.
Result<std::vector<std::filesystem::path>> unnamed_folders(const std::filesystem::path& engine_path);

/// Of these, the tables with rows.
std::vector<UnnamedTable> unnamed_tables_in(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
