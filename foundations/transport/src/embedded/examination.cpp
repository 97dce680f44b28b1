#include <algorithm>
#include <fstream>
#include <set>

#include "embedded/deduplication_log.hpp"
#include "embedded/definitions.hpp"
#include "embedded/file.hpp"
#include "embedded/folder.hpp"
#include "embedded/folder_list.hpp"
#include "embedded/part_name.hpp"
#include "embedded/recovery.hpp"
#include "optiinfra/transport/folder_fault.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace embedded {
namespace fs = std::filesystem;
namespace {

FolderFault fault_at(const fs::path& path, std::string what, std::string remedy, bool is_repaired) {
  return {fs::path("engine") / path, std::move(what), std::move(remedy), is_repaired, false};
}

Result<void> remove_folder(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return storage_error(path, "cannot remove", code.value());
  return {};
}

Result<void> examine_logs(const fs::path& engine_path, FolderRepair repair,
                          std::vector<FolderFault>& faults) {
  OPTIINFRA_TRY(const auto broken, broken_deduplication_logs(engine_path));
  for (const fs::path& log : broken) {
    const fs::path path = log.lexically_relative(engine_path);
    const bool repairs = repair == FolderRepair::kRepair;
    if (repairs) OPTIINFRA_CHECK(done(set_aside(engine_path, path)));
    FolderFault fault =
        fault_at(path, "the deduplication log holds a line that the engine does not write",
                 repairs ? "it was set aside; a retry of an insert that was stored before may be "
                           "stored twice, unless it comes from `import` or a spool"
                         : "`optiinfra doctor --repair` sets it aside",
                 repairs);
    fault.stops_engine = true;
    faults.push_back(std::move(fault));
  }
  return {};
}

/// The engine removes these by itself, a day later; it needs them no more once it has stopped.
Result<void> examine_leftovers(const fs::path& engine_path, FolderRepair repair,
                               std::vector<FolderFault>& faults) {
  OPTIINFRA_TRY(const auto tables, table_folders(engine_path));
  for (const fs::path& table : tables) {
    OPTIINFRA_TRY(const auto names, names_in(engine_path / table));
    for (const std::string& name : names) {
      if (!name.starts_with("tmp_") && !name.starts_with("delete_tmp_")) continue;
      const bool repairs = repair == FolderRepair::kRepair;
      if (repairs) OPTIINFRA_CHECK(remove_folder(engine_path / table / name));
      faults.push_back(
          fault_at(table / name, "left by work that was interrupted; it holds no rows of the store",
                   repairs ? "it was removed" : "`optiinfra doctor --repair` removes it", repairs));
    }
  }
  return {};
}

struct Contents {
  std::size_t parts = 0, definitions = 0;
};

Result<Contents> contents_of(const fs::path& folder) {
  OPTIINFRA_TRY(auto names, names_in(folder));
  Contents contents;
  std::error_code code;
  if (fs::is_directory(folder / "detached", code)) {
    OPTIINFRA_TRY(const auto detached, names_in(folder / "detached"));
    contents.parts += detached.size();
  }
  for (const std::string& name : names) {
    contents.parts += PartName::parse(name).has_value() ? 1 : 0;
    contents.definitions += fs::path(name).extension() == ".sql" ? 1 : 0;
  }
  return contents;
}

/// Folders that no definition names, of tables and of databases.
Result<void> examine_orphans(const fs::path& engine_path, FolderRepair repair,
                             std::vector<FolderFault>& faults) {
  OPTIINFRA_TRY(const auto folders, unnamed_folders(engine_path));
  // A table whose definition is broken is reported with that.
  std::set<std::string> known;
  for (const Definition& each : read_definitions_copy(engine_path)) known.insert(definition_uuid(each.text));
  for (const fs::path& folder : folders) {
    if (known.contains(folder.filename())) continue;
    OPTIINFRA_TRY(const Contents contents, contents_of(engine_path / folder));
    if (contents.definitions > 0) {
      faults.push_back(fault_at(folder,
                                "holds the definitions of " + std::to_string(contents.definitions) +
                                    " tables and views that no database names, so their rows are hidden",
                                "to make them visible, write the folder's name as the UUID into "
                                "engine/metadata/optiinfra.sql while no process has the store open",
                                false));
    } else if (contents.parts > 0) {
      faults.push_back(fault_at(
          folder,
          "holds " + std::to_string(contents.parts) + " parts with rows of a table that has no definition",
          "`optiinfra init` restores a missing table of the store with its rows; it leaves other rows where "
          "they are",
          false));
    } else {
      const bool repairs = repair == FolderRepair::kRepair;
      if (repairs) OPTIINFRA_CHECK(remove_folder(engine_path / folder));
      faults.push_back(fault_at(folder, "is the folder of a table that has no definition, without rows",
                                repairs ? "it was removed" : "`optiinfra doctor --repair` removes it",
                                repairs));
    }
  }
  return {};
}

/// The names in a part's columns.txt: lines of "`name` Type".
std::vector<std::string> columns_of(const fs::path& part) {
  std::vector<std::string> names;
  std::ifstream file(part / "columns.txt");
  for (std::string line; std::getline(file, line);) {
    const std::size_t end = line.find('`', 1);
    if (line.starts_with('`') && end != std::string::npos) names.push_back(line.substr(1, end - 1));
  }
  return names;
}

}  // namespace

Result<std::vector<fs::path>> unnamed_folders(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto definitions, read_definitions(engine_path));
  OPTIINFRA_TRY(auto folders, table_folders(engine_path));
  std::set<std::string> named;
  for (const Definition& each : definitions) named.insert(definition_uuid(each.text));
  std::erase_if(folders, [&](const fs::path& folder) {
    const std::string uuid = folder.filename();
    return named.contains(uuid) || was_dropped(engine_path, uuid);
  });
  return folders;
}

std::vector<UnnamedTable> unnamed_tables_in(const fs::path& engine_path) {
  std::vector<UnnamedTable> tables;
  const auto folders = unnamed_folders(engine_path);
  if (!folders) return tables;
  for (const fs::path& folder : *folders) {
    const auto names = names_in(engine_path / folder);
    if (!names) continue;
    const auto part = std::find_if(names->begin(), names->end(),
                                   [](const std::string& name) { return PartName::parse(name).has_value(); });
    if (part != names->end()) tables.push_back({folder.filename(), columns_of(engine_path / folder / *part)});
  }
  return tables;
}

}  // namespace embedded

Result<std::vector<FolderFault>> examine_folder(const std::filesystem::path& folder, FolderRepair repair) {
  using namespace embedded;
  OPTIINFRA_TRY(Folder held, Folder::open(folder, IfAbsent::kFail));
  OPTIINFRA_TRY(std::vector<FolderFault> faults, recover_folder(held.engine_path(), repair));
  OPTIINFRA_CHECK(examine_logs(held.engine_path(), repair, faults));
  OPTIINFRA_CHECK(examine_leftovers(held.engine_path(), repair, faults));
  OPTIINFRA_CHECK(examine_orphans(held.engine_path(), repair, faults));
  // What a kill has left in the logs is repaired by the next command that opens the store.
  if (!held.was_unclean()) held.mark_clean();
  return faults;
}

}  // namespace optiinfra
