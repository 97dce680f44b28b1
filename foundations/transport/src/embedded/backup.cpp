#include "optiinfra/transport/backup.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>

#include "embedded/definitions.hpp"
#include "embedded/file.hpp"
#include "embedded/folder.hpp"
#include "embedded/folder_list.hpp"
#include "embedded/part_name.hpp"
#include "embedded/room.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace embedded {
namespace fs = std::filesystem;
namespace {

constexpr const char* kBackupMark = "optiinfra backup 1\n";
constexpr const char* kUnfinished = ".unfinished";

/// The engine removes a part eight minutes after it was merged into another one. Each time that parts were
/// gone before they were copied, what has changed since is copied.
constexpr int kListingsMax = 20;

/// Files up to this size are compared before they are linked; of larger ones the size is enough, because the
/// checksums of both parts agree.
constexpr std::uint64_t kComparedBytesMax = 64 << 10;

/// A part, below the engine's folder: "store/36b/36b5.../20261129_1_4_2".
using PartPath = fs::path;

struct TableFiles {
  std::vector<fs::path> small;  ///< format_version.txt, and mutations that have not ended.
  std::vector<PartPath> parts;
};

/// Parts whose rows no other part of the list holds, too: what the engine would load.
std::vector<PartPath> without_covered(const fs::path& table, const std::vector<std::string>& names) {
  std::vector<std::pair<PartName, std::string>> parts;
  for (const std::string& name : names) {
    if (auto part = PartName::parse(name)) parts.emplace_back(*std::move(part), name);
  }
  // By partition, then the first block; where two begin alike, the larger one first.
  std::sort(parts.begin(), parts.end(), [](const auto& left, const auto& right) {
    const PartName &a = left.first, &b = right.first;
    return std::tie(a.partition, a.first_block, b.last_block, b.level, b.mutation) <
           std::tie(b.partition, b.first_block, a.last_block, a.level, a.mutation);
  });
  std::vector<PartPath> kept;
  const PartName* last = nullptr;
  for (const auto& [part, name] : parts) {
    if (last != nullptr && last->covers(part)) continue;
    kept.push_back(table / name);
    last = &part;
  }
  return kept;
}

bool is_small_file_of_table(const std::string& name) {
  return name == "format_version.txt" || (name.starts_with("mutation_") && name.ends_with(".txt"));
}

/// Nothing for a folder of definitions.
Result<std::optional<TableFiles>> list_table(const fs::path& engine, const fs::path& table) {
  OPTIINFRA_TRY(const auto names, names_in(engine / table));
  if (std::find(names.begin(), names.end(), "format_version.txt") == names.end())
    return std::optional<TableFiles>();
  TableFiles files{.small = {}, .parts = without_covered(table, names)};
  for (const std::string& name : names) {
    if (is_small_file_of_table(name)) files.small.push_back(table / name);
  }
  return std::optional(std::move(files));
}

Result<std::vector<TableFiles>> list_files(const fs::path& engine) {
  std::vector<TableFiles> all;
  OPTIINFRA_TRY(const auto folders, table_folders(engine));
  for (const fs::path& folder : folders) {
    OPTIINFRA_TRY(auto files, list_table(engine, folder));
    if (files) all.push_back(*std::move(files));
  }
  return all;
}

std::optional<std::string> small_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file.is_open() || file.bad()) return std::nullopt;
  return text;
}

bool are_equal(const fs::path& left, const fs::path& right) {
  std::error_code code;
  const auto size = fs::file_size(left, code);
  if (code || fs::file_size(right, code) != size || code) return false;
  if (size > kComparedBytesMax) return true;
  const auto text = small_text(left);
  return text && text == small_text(right);
}

Result<void> make_folder(const fs::path& path) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code) return storage_error(path, "cannot create", code.value());
  return {};
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return storage_error(path, "cannot remove", code.value());
  return {};
}

/// Copies a tree of files, those that an earlier copy has as links to it.
class Copy {
 public:
  Copy(fs::path from, fs::path to, fs::path base)
      : from_(std::move(from)), to_(std::move(to)), base_(std::move(base)) {}

  const fs::path& from() const { return from_; }
  const fs::path& to() const { return to_; }

  /// False when the file is gone.
  Result<bool> copy_file(const fs::path& path) {
    OPTIINFRA_CHECK(make_folder((to_ / path).parent_path()));
    std::error_code code;
    fs::copy_file(from_ / path, to_ / path, code);
    if (code == std::errc::no_such_file_or_directory && !fs::exists(from_ / path)) return false;
    if (code) return storage_error(to_ / path, "cannot copy to", code.value());
    return true;
  }

  /// False when the part is gone, with nothing of it left in the copy.
  Result<bool> copy_part(const PartPath& part) {
    std::error_code code;
    const bool may_link =
        !base_.empty() && are_equal(from_ / part / "checksums.txt", base_ / part / "checksums.txt");
    Part copied{.is_linked = may_link};
    fs::recursive_directory_iterator entry(from_ / part, code);
    bool is_there = !code;
    for (const fs::recursive_directory_iterator end; is_there && entry != end;) {
      if (entry->is_regular_file(code)) {
        OPTIINFRA_TRY(is_there, take_file(entry->path().lexically_relative(from_), may_link, copied));
      }
      if (is_there) entry.increment(code);
      is_there = is_there && !code;
    }
    is_there = is_there && fs::exists(from_ / part / "checksums.txt", code);
    if (!is_there) {
      if (fs::exists(from_ / part, code)) return storage_error(from_ / part, "cannot read", EIO);
      OPTIINFRA_CHECK(remove_tree(to_ / part));
      return false;
    }
    parts_[part] = copied;
    return true;
  }

  bool has(const PartPath& part) const { return parts_.contains(part); }

  /// Removes the parts of the copy that are not in `wanted`, which is sorted.
  Result<void> keep_only(const std::vector<PartPath>& wanted) {
    for (auto part = parts_.begin(); part != parts_.end();) {
      if (std::binary_search(wanted.begin(), wanted.end(), part->first)) {
        ++part;
        continue;
      }
      OPTIINFRA_CHECK(remove_tree(to_ / part->first));
      part = parts_.erase(part);
    }
    return {};
  }

  BackupReport report() const {
    BackupReport report;
    for (const auto& [path, part] : parts_) {
      ++report.parts;
      report.bytes += part.bytes;
      report.parts_linked += part.is_linked ? 1 : 0;
      report.bytes_linked += part.bytes_linked;
    }
    return report;
  }

 private:
  struct Part {
    bool is_linked = false;
    std::uint64_t bytes = 0, bytes_linked = 0;
  };

  Result<bool> take_file(const fs::path& path, bool may_link, Part& part) {
    std::error_code code;
    const auto size = fs::file_size(from_ / path, code);
    if (code) return false;
    part.bytes += size;
    if (may_link && are_equal(from_ / path, base_ / path)) {
      OPTIINFRA_CHECK(make_folder((to_ / path).parent_path()));
      fs::create_hard_link(base_ / path, to_ / path, code);
      if (!code) {
        part.bytes_linked += size;
        return true;
      }
    }
    // On another disk than the base's, or with too many links.
    part.is_linked = false;
    return copy_file(path);
  }

  const fs::path from_, to_, base_;
  std::map<PartPath, Part> parts_;
};

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::error_code gone;
    const auto size = entry->is_regular_file(gone) ? entry->file_size(gone) : 0;
    bytes += gone ? 0 : size;
  }
  return bytes;
}

/// An error when the disk of the copy has too little room for what the base does not have.
Result<void> expect_room(const std::vector<TableFiles>& tables, const Copy& copy, const fs::path& base) {
  std::uint64_t needed = 0;
  std::error_code code;
  for (const TableFiles& table : tables)
    for (const PartPath& part : table.parts)
      if (base.empty() || !fs::exists(base / part, code)) needed += bytes_in(copy.from() / part);
  OPTIINFRA_TRY(const Room room, room_at(copy.to()));
  if (needed + kKeptBytes <= room.free_bytes) return {};
  return Error{ErrorKind::kStorage, "the copy needs " + mebibytes(needed) + " and the disk of " +
                                        copy.to().parent_path().string() + " has " +
                                        mebibytes(room.free_bytes) +
                                        " free; free some space or choose another disk. Nothing was copied"};
}

/// False when something was gone before it was copied.
Result<bool> copy_listed(const std::vector<TableFiles>& tables, Copy& copy) {
  bool is_whole = true;
  for (const TableFiles& table : tables) {
    for (const PartPath& part : table.parts) {
      if (copy.has(part)) continue;
      OPTIINFRA_TRY(const bool copied, copy.copy_part(part));
      is_whole &= copied;
    }
  }
  return is_whole;
}

/// The files of tables that are no parts; they are small, and what an earlier listing left goes.
Result<bool> copy_small(const std::vector<TableFiles>& tables, Copy& copy) {
  bool is_whole = true;
  for (const TableFiles& table : tables) {
    for (const fs::path& file : table.small) {
      OPTIINFRA_CHECK(remove_tree(copy.to() / file));
      OPTIINFRA_TRY(const bool copied, copy.copy_file(file));
      is_whole &= copied;
    }
  }
  return is_whole;
}

std::vector<PartPath> sorted_parts(const std::vector<TableFiles>& tables) {
  std::vector<PartPath> parts;
  for (const TableFiles& table : tables) parts.insert(parts.end(), table.parts.begin(), table.parts.end());
  std::sort(parts.begin(), parts.end());
  return parts;
}

/// The engine's folder: definitions, and the parts of one listing.
Result<BackupReport> copy_engine(const fs::path& from, const fs::path& to, const fs::path& base) {
  Copy copy(from, to, base);
  for (int listing = 0; listing < kListingsMax; ++listing) {
    OPTIINFRA_TRY(const auto definitions, read_definitions(from));
    OPTIINFRA_TRY(const auto tables, list_files(from));
    if (listing == 0) OPTIINFRA_CHECK(expect_room(tables, copy, base));
    OPTIINFRA_TRY(bool is_whole, copy_listed(tables, copy));
    OPTIINFRA_TRY(const bool is_small_whole, copy_small(tables, copy));
    OPTIINFRA_TRY(const auto definitions_after, read_definitions(from));
    if (!is_whole || !is_small_whole || definitions != definitions_after) continue;
    OPTIINFRA_CHECK(copy.keep_only(sorted_parts(tables)));
    for (const Definition& each : definitions) {
      OPTIINFRA_CHECK(make_folder((to / each.path).parent_path()));
      OPTIINFRA_CHECK(replace_file(to / each.path, each.text, (to / each.path).string() + ".new"));
    }
    BackupReport report = copy.report();
    report.tables = tables.size();
    return report;
  }
  return Error{ErrorKind::kUnavailable, "the store changes faster than it can be copied to " +
                                            to.parent_path().string() +
                                            "; use a faster disk, or back up when less is written"};
}

/// Makes all that was written to the disk of `path` permanent.
Result<void> sync_disk(const fs::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = folder >= 0 && ::syncfs(folder) == 0;
  const int code = errno;
  if (folder >= 0) ::close(folder);
  if (!is_synced) return storage_error(path, "cannot sync", code);
  return {};
}

struct CopyPlan {
  fs::path from, to, base;
  std::vector<fs::path> files;
  bool is_backup = false;
};

/// Into `unfinished`, all of it permanent.
Result<BackupReport> copy_to(const CopyPlan& plan, const fs::path& unfinished) {
  OPTIINFRA_CHECK(make_folder(unfinished / "engine"));
  // Others may read neither rows nor hashes of passwords.
  std::error_code code;
  fs::permissions(unfinished, fs::perms::owner_all, code);
  OPTIINFRA_TRY(const BackupReport report,
                copy_engine(plan.from / "engine", unfinished / "engine",
                            plan.base.empty() ? fs::path() : plan.base / "engine"));
  OPTIINFRA_CHECK(keep_definitions_copy(unfinished / "engine"));
  Copy rest(plan.from, unfinished, {});
  for (const fs::path& file : plan.files) {
    if (fs::exists(plan.from / file, code)) OPTIINFRA_CHECK(done(rest.copy_file(file)));
  }
  if (plan.is_backup)
    OPTIINFRA_CHECK(replace_file(unfinished / "BACKUP", kBackupMark, unfinished / "BACKUP.new"));
  OPTIINFRA_CHECK(sync_disk(unfinished));
  return report;
}

Result<BackupReport> copy_store(const CopyPlan& plan) {
  const fs::path unfinished = plan.to.string() + kUnfinished;
  OPTIINFRA_CHECK(make_folder(plan.to.parent_path()));
  OPTIINFRA_CHECK(remove_tree(unfinished));
  auto report = copy_to(plan, unfinished);
  if (report && ::rename(unfinished.c_str(), plan.to.c_str()) != 0)
    report = storage_error(plan.to, "cannot rename to", errno);
  if (!report) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    return report;
  }
  OPTIINFRA_CHECK(sync_folder(plan.to.parent_path()));
  return report;
}

Result<void> expect_store(const fs::path& path) {
  std::error_code code;
  if (fs::exists(path / "OPTIINFRA", code) && fs::is_directory(path / "engine", code)) return {};
  return Error{ErrorKind::kInvalidArgument, "there is no store in " + path.string()};
}

Result<void> expect_nothing(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code) || (fs::is_directory(path, code) && fs::is_empty(path, code) && !code))
    return {};
  return Error{ErrorKind::kConflict, path.string() + " exists and is not empty; choose another folder"};
}

}  // namespace
}  // namespace embedded

Result<BackupReport> back_up(const std::filesystem::path& store, const std::filesystem::path& backup,
                             const BackupOptions& options) {
  using namespace embedded;
  OPTIINFRA_CHECK(expect_store(store));
  OPTIINFRA_CHECK(expect_nothing(backup));
  if (!options.base.empty() && !is_backup(options.base))
    return Error{ErrorKind::kInvalidArgument, options.base.string() + " is no backup"};
  CopyPlan plan{
      .from = store, .to = backup, .base = options.base, .files = options.more_files, .is_backup = true};
  plan.files.emplace_back("OPTIINFRA");
  return copy_store(plan);
}

Result<BackupReport> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& store) {
  using namespace embedded;
  if (!is_backup(backup)) return Error{ErrorKind::kInvalidArgument, backup.string() + " is no backup"};
  OPTIINFRA_CHECK(expect_store(backup));
  OPTIINFRA_CHECK(expect_nothing(store));
  CopyPlan plan{.from = backup, .to = store, .base = {}, .files = {}, .is_backup = false};
  std::error_code code;
  // What is neither the engine's nor the mark, however the backup came by it.
  for (fs::recursive_directory_iterator entry(backup, code), end; !code && entry != end;
       entry.increment(code)) {
    const fs::path file = entry->path().lexically_relative(backup);
    if (*file.begin() == "engine") {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(code) && file != "BACKUP" && file != "definitions" && file != "lock") {
      plan.files.push_back(file);
    }
  }
  if (code) return storage_error(backup, "cannot list", code.value());
  return copy_store(plan);
}

bool is_backup(const std::filesystem::path& folder) {
  return embedded::small_text(folder / "BACKUP") == embedded::kBackupMark;
}

Result<void> remove_backup(const std::filesystem::path& backup) {
  if (!is_backup(backup)) return Error{ErrorKind::kInvalidArgument, backup.string() + " is no backup"};
  const std::filesystem::path unfinished = backup.string() + embedded::kUnfinished;
  OPTIINFRA_CHECK(embedded::remove_tree(unfinished));
  if (::rename(backup.c_str(), unfinished.c_str()) != 0)
    return embedded::storage_error(backup, "cannot rename", errno);
  return embedded::remove_tree(unfinished);
}

Result<std::vector<std::filesystem::path>> backups_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> backups;
  std::error_code code;
  if (!std::filesystem::is_directory(folder, code)) return backups;
  OPTIINFRA_TRY(const auto names, embedded::names_in(folder));
  for (const std::string& name : names) {
    if (is_backup(folder / name)) backups.push_back(folder / name);
  }
  return backups;
}

}  // namespace optiinfra
