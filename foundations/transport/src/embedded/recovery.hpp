/// Repairs a store's folder before the engine opens it, because the engine would not start or would hide
/// rows: definitions, mutations, format files. Files that the engine must not see are moved to `set-aside` in
/// the store's folder.
#pragma once

#include <filesystem>
#include <vector>

#include "embedded/definitions.hpp"
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

/// The definitions below `engine_path` as a repair would leave them, for a store that is only read: those
/// that are whole, and those of the copy in place of broken and lost ones. A broken one without a copy is
/// left out. Changes nothing. Errors: kStorage.
Result<std::vector<Definition>> whole_definitions(const std::filesystem::path& engine_path);

/// What lies in the folder of each table and says how its parts are written; the engine writes this text.
inline constexpr char kFormatVersionFile[] = "format_version.txt", kFormatVersion[] = "1";

/// Files of tables for which the engine does not start, as paths below `engine_path`: mutations that are
/// empty or cut, and empty format_version.txt. Errors: kStorage.
Result<std::vector<std::filesystem::path>> broken_table_files(const std::filesystem::path& engine_path);

/// Folders of tables and databases that no definition names, below `engine_path`. Those of dropped tables,
/// which wait for their removal, are left out.
Result<std::vector<std::filesystem::path>> unnamed_folders(const std::filesystem::path& engine_path);

/// Of these, the tables with rows.
std::vector<UnnamedTable> unnamed_tables_in(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
