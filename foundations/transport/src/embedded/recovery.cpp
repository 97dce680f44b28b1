#include "embedded/recovery.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>

#include "embedded/definitions.hpp"
#include "embedded/file.hpp"
#include "embedded/folder_list.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// The name of what a definition file defines: "cost_metrics_ts".
std::string object_name(const fs::path& path) { return path.stem().string(); }

fs::path spare_of(const fs::path& engine_path) { return engine_path.parent_path() / "definition.new"; }

std::string read_all(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Folders of databases that the engine makes itself and that have no definition: only their links name
/// them.
std::vector<std::string> folders_of_other_links(const fs::path& engine_path) {
  std::vector<std::string> folders;
  std::error_code code;
  for (fs::directory_iterator entry(engine_path / "metadata", code), end; !code && entry != end;
       entry.increment(code)) {
    std::error_code failure;
    const fs::path target = fs::read_symlink(entry->path(), failure);
    if (!failure && entry->path().filename() != kDefaultDatabase) folders.push_back(target.filename());
  }
  return folders;
}

/// The definition of our database, where it has none. Without it a database hides every table in it, and a
/// new one would take its place. Its folder is the one that holds definitions and that no database names.
std::optional<Definition> missing_database(const fs::path& engine_path,
                                           const std::vector<Definition>& present) {
  const fs::path path = fs::path("metadata") / (std::string(kDefaultDatabase) + ".sql");
  std::vector<std::string> databases = folders_of_other_links(engine_path), folders;
  for (const Definition& each : present) {
    if (each.path == path) return {};
    const fs::path folder = fs::path(each.path).parent_path();
    if (folder == "metadata") {
      databases.push_back(definition_uuid(each.text));
    } else if (folders.empty() || folders.back() != folder.filename()) {
      folders.push_back(folder.filename());
    }
  }
  std::erase_if(folders, [&](const std::string& folder) {
    return std::find(databases.begin(), databases.end(), folder) != databases.end();
  });
  if (folders.size() != 1) return {};
  return Definition{path, "ATTACH DATABASE _ UUID '" + folders[0] + "'\nENGINE = Atomic\n"};
}

const Definition* find_definition(const std::vector<Definition>& definitions, const std::string& path) {
  const auto found = std::find_if(definitions.begin(), definitions.end(),
                                  [&](const Definition& each) { return each.path == path; });
  return found == definitions.end() ? nullptr : &*found;
}

bool is_whole_mutation(const std::string& text) {
  return text.starts_with("format version: 1\n") && text.find("\ncreate time: ") != std::string::npos &&
         text.find("\ncommands: ") != std::string::npos && text.back() == '\n' &&
         text.find('\0') == std::string::npos;
}

/// Faults as they are found, repaired as they are added.
class Recovery {
 public:
  Recovery(const fs::path& engine_path, FolderRepair repair) : engine_path_(engine_path), repair_(repair) {}

  Result<void> definitions();
  Result<void> database();
  Result<void> table_files();
  std::vector<FolderFault> take() { return std::move(faults_); }

 private:
  /// `repair` runs only with kRepair. The remedies say what it has done, and what would be done.
  template <typename Repair>
  Result<void> add(const fs::path& path, std::string what, std::string done, std::string to_do,
                   Repair repair) {
    const bool repairs = repair_ == FolderRepair::kRepair;
    if (repairs) {
      if (auto repaired = repair(); !repaired) return with_context(std::move(repaired).error(), what);
    }
    faults_.push_back({fs::path("engine") / path, std::move(what),
                       repairs ? std::move(done) : std::move(to_do), repairs, true});
    return {};
  }

  Result<void> write(const fs::path& path, const std::string& text) {
    return replace_file(engine_path_ / path, text, spare_of(engine_path_));
  }

  Result<void> restore(const Definition& known, const std::string& fault);
  Result<void> set_aside_definition(const Definition& broken, const std::string& fault);
  Result<void> set_aside_mutation(const fs::path& path);
  Result<void> write_format_version(const fs::path& path);

  const fs::path& engine_path_;
  const FolderRepair repair_;
  std::vector<FolderFault> faults_;
};

Result<void> Recovery::restore(const Definition& known, const std::string& fault) {
  return add(
      known.path, "the definition of " + object_name(known.path) + " " + fault,
      "it was restored from the copy in the store's folder",
      "it is restored from the copy in the store's folder by the next command that opens the store for "
      "writing",
      [&] { return write(known.path, known.text); });
}

Result<void> Recovery::set_aside_definition(const Definition& broken, const std::string& fault) {
  return add(
      broken.path,
      "the definition of " + object_name(broken.path) + " " + fault +
          ", and there is no copy of it in the store's folder",
      "the file was set aside; `optiinfra init` makes the object again with the rows that lie there",
      "the file is set aside by the next command that opens the store for writing; `optiinfra init` then "
      "makes the object again with the rows that lie there",
      [&] { return done(set_aside(engine_path_, broken.path)); });
}

Result<void> Recovery::definitions() {
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path_));
  const auto copy = read_definitions_copy(engine_path_);
  for (const Definition& each : present) {
    const Definition* const known = find_definition(copy, each.path);
    const std::string fault = definition_fault(each.text, known == nullptr ? "" : known->text);
    if (fault.empty()) continue;
    OPTIINFRA_CHECK(known != nullptr ? restore(*known, fault) : set_aside_definition(each, fault));
  }
  for (const Definition& known : copy) {
    if (is_lost_definition(engine_path_, known, present)) OPTIINFRA_CHECK(restore(known, "is missing"));
  }
  return {};
}

Result<void> Recovery::database() {
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path_));
  const auto missing = missing_database(engine_path_, present);
  if (!missing) return {};
  return add(missing->path, "the definition of the database " + std::string(kDefaultDatabase) + " is missing",
             "it was written again for the folder of its tables, " + definition_uuid(missing->text),
             "it is written again by the next command that opens the store for writing", [&] {
               std::error_code failure;
               fs::create_directories(engine_path_ / "metadata", failure);
               return write(missing->path, missing->text);
             });
}

Result<void> Recovery::set_aside_mutation(const fs::path& path) {
  return add(
      path,
      path.filename().string() + " of the table in " + path.parent_path().filename().string() +
          " is cut: a change of rows that was asked for and not completed",
      "the file was set aside, so rows that it had not reached are as they were; ask for the change again",
      "the file is set aside by the next command that opens the store for writing; ask for the change again "
      "then",
      [&] { return done(set_aside(engine_path_, path)); });
}

Result<void> Recovery::table_files() {
  OPTIINFRA_TRY(const auto broken, broken_table_files(engine_path_));
  for (const fs::path& path : broken) {
    OPTIINFRA_CHECK(path.filename() == kFormatVersionFile ? write_format_version(path)
                                                          : set_aside_mutation(path));
  }
  return {};
}

Result<void> Recovery::write_format_version(const fs::path& path) {
  return add(path, "format_version.txt is empty", "it was written again",
             "it is written again by the next command that opens the store for writing",
             [&] { return write(path, kFormatVersion); });
}

}  // namespace

Result<std::vector<Definition>> whole_definitions(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path));
  const auto copy = read_definitions_copy(engine_path);
  std::vector<Definition> whole;
  for (const Definition& each : present) {
    const Definition* const known = find_definition(copy, each.path);
    if (definition_fault(each.text, known == nullptr ? "" : known->text).empty()) {
      whole.push_back(each);
    } else if (known != nullptr) {
      whole.push_back(*known);
    }
  }
  for (const Definition& known : copy) {
    if (is_lost_definition(engine_path, known, present)) whole.push_back(known);
  }
  if (find_definition(whole, (fs::path("metadata") / (std::string(kDefaultDatabase) + ".sql")).string()) ==
      nullptr) {
    if (auto database = missing_database(engine_path, whole)) whole.push_back(*std::move(database));
  }
  return whole;
}

Result<std::vector<fs::path>> broken_table_files(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto tables, table_folders(engine_path));
  std::vector<fs::path> broken;
  for (const fs::path& table : tables) {
    OPTIINFRA_TRY(const auto names, names_in(engine_path / table));
    for (const std::string& name : names) {
      const bool is_mutation = name.starts_with("mutation_") && name.ends_with(".txt");
      std::error_code code;
      if (is_mutation ? !is_whole_mutation(read_all(engine_path / table / name))
                      : name == kFormatVersionFile && fs::file_size(engine_path / table / name, code) == 0)
        broken.push_back(table / name);
    }
  }
  return broken;
}

Result<std::vector<FolderFault>> recover_folder(const fs::path& engine_path, FolderRepair repair) {
  Recovery recovery(engine_path, repair);
  OPTIINFRA_CHECK(recovery.definitions());
  OPTIINFRA_CHECK(recovery.database());
  OPTIINFRA_CHECK(recovery.table_files());
  return recovery.take();
}

}  // namespace optiinfra::embedded
