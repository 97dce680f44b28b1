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

/// Faults as they are found, repaired as they are added.
class Recovery {
 public:
  Recovery(const fs::path& engine_path, FolderRepair repair) : engine_path_(engine_path), repair_(repair) {}

  Result<void> definitions();
  Result<void> database();
  Result<void> mutations();
  Result<void> format_versions();
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

  const fs::path& engine_path_;
  const FolderRepair repair_;
  std::vector<FolderFault> faults_;
};

Result<void> Recovery::restore(const Definition& known, const std::string& fault) {
  return add(known.path, "the definition of " + object_name(known.path) + " " + fault,
             "it was restored from the copy in the store's folder",
             "it is restored from the copy in the store's folder by the next command that opens the store",
             [&] { return write(known.path, known.text); });
}

Result<void> Recovery::set_aside_definition(const Definition& broken, const std::string& fault) {
  return add(
      broken.path,
      "the definition of " + object_name(broken.path) + " " + fault +
          ", and there is no copy of it in the store's folder",
      "the file was set aside; `optiinfra init` makes the object again with the rows that lie there",
      "the file is set aside by the next command that opens the store; `optiinfra init` then makes the "
      "object again with the rows that lie there",
      [&] { return done(set_aside(engine_path_, broken.path)); });
}

Result<void> Recovery::definitions() {
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path_));
  const auto copy = read_definitions_copy(engine_path_);
  for (const Definition& each : present) {
    const auto known =
        std::find_if(copy.begin(), copy.end(), [&](const Definition& one) { return one.path == each.path; });
    const std::string fault = definition_fault(each.text, known == copy.end() ? "" : known->text);
    if (fault.empty()) continue;
    OPTIINFRA_CHECK(known != copy.end() ? restore(*known, fault) : set_aside_definition(each, fault));
  }
  for (const Definition& known : copy) {
    if (is_lost_definition(engine_path_, known, present)) OPTIINFRA_CHECK(restore(known, "is missing"));
  }
  return {};
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

/// Without its own definition a database hides every table in it, and a new one would take its place. Its
/// folder is the one that holds definitions and that no database names.
Result<void> Recovery::database() {
  const fs::path path = fs::path("metadata") / (std::string(kDefaultDatabase) + ".sql");
  std::error_code code;
  if (fs::exists(engine_path_ / path, code)) return {};
  OPTIINFRA_TRY(const auto present, read_definitions(engine_path_));
  std::vector<std::string> databases = folders_of_other_links(engine_path_), folders;
  for (const Definition& each : present) {
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
  return add(path, "the definition of the database " + std::string(kDefaultDatabase) + " is missing",
             "it was written again for the folder of its tables, " + folders[0],
             "it is written again by the next command that opens the store", [&] {
               std::error_code failure;
               fs::create_directories(engine_path_ / "metadata", failure);
               return write(path, "ATTACH DATABASE _ UUID '" + folders[0] + "'\nENGINE = Atomic\n");
             });
}

bool is_whole_mutation(const std::string& text) {
  return text.starts_with("format version: 1\n") && text.find("\ncreate time: ") != std::string::npos &&
         text.find("\ncommands: ") != std::string::npos && text.back() == '\n' &&
         text.find('\0') == std::string::npos;
}

Result<void> Recovery::set_aside_mutation(const fs::path& path) {
  return add(
      path,
      path.filename().string() + " of the table in " + path.parent_path().filename().string() +
          " is cut: a change of rows that was asked for and not completed",
      "the file was set aside, so rows that it had not reached are as they were; ask for the change again",
      "the file is set aside by the next command that opens the store; ask for the change again then",
      [&] { return done(set_aside(engine_path_, path)); });
}

Result<void> Recovery::mutations() {
  OPTIINFRA_TRY(const auto tables, table_folders(engine_path_));
  for (const fs::path& table : tables) {
    OPTIINFRA_TRY(const auto names, names_in(engine_path_ / table));
    for (const std::string& name : names) {
      const bool is_mutation = name.starts_with("mutation_") && name.ends_with(".txt");
      if (is_mutation && !is_whole_mutation(read_all(engine_path_ / table / name)))
        OPTIINFRA_CHECK(set_aside_mutation(table / name));
    }
  }
  return {};
}

Result<void> Recovery::format_versions() {
  OPTIINFRA_TRY(const auto tables, table_folders(engine_path_));
  for (const fs::path& table : tables) {
    const fs::path path = table / "format_version.txt";
    std::error_code code;
    if (fs::file_size(engine_path_ / path, code) != 0 || code) continue;
    OPTIINFRA_CHECK(add(path, "format_version.txt is empty", "it was written again",
                        "it is written again by the next command that opens the store",
                        [&] { return write(path, "1"); }));
  }
  return {};
}

}  // namespace

Result<std::vector<FolderFault>> recover_folder(const fs::path& engine_path, FolderRepair repair) {
  Recovery recovery(engine_path, repair);
  OPTIINFRA_CHECK(recovery.definitions());
  OPTIINFRA_CHECK(recovery.database());
  OPTIINFRA_CHECK(recovery.mutations());
  OPTIINFRA_CHECK(recovery.format_versions());
  return recovery.take();
}

}  // namespace optiinfra::embedded
