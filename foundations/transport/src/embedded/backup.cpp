#include "optiinfra/transport/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <set>

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

/// The engine removes a part eight minutes after it was merged into another one, and a removal of rows does
/// at once. Each time that parts were gone before they were copied, what has changed since is copied.
constexpr int kListingsMax = 20;

/// Files up to this size are compared before they are linked; of larger ones the size is enough, because the
/// checksums of both parts agree.
constexpr std::uint64_t kComparedBytesMax = 64 << 10;

/// A part, below the engine's folder: "store/36b/36b5.../20261129_1_4_2".
using PartPath = fs::path;

struct TableFiles {
  std::vector<fs::path> small;  ///< format_version.txt, and mutations that have not ended.
  std::vector<PartPath> parts;
  std::vector<fs::path> detached;  ///< Parts that were set aside, whole or not.
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

/// The names in `folder`, read again until two readings agree: a folder that changes while it is read can
/// hide a part and the part that it was merged into.
Result<std::vector<std::string>> settled_names(const fs::path& folder) {
  OPTIINFRA_TRY(auto names, names_in(folder));
  for (int reading = 0; reading < kListingsMax; ++reading) {
    OPTIINFRA_TRY(auto again, names_in(folder));
    if (again == names) break;
    names = std::move(again);
  }
  return names;
}

/// Nothing for a folder of definitions.
Result<std::optional<TableFiles>> list_table(const fs::path& engine, const fs::path& table) {
  OPTIINFRA_TRY(const auto names, settled_names(engine / table));
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!has("format_version.txt")) return std::optional<TableFiles>();
  TableFiles files{.small = {}, .parts = without_covered(table, names), .detached = {}};
  for (const std::string& name : names) {
    if (is_small_file_of_table(name)) files.small.push_back(table / name);
  }
  if (has("detached")) {
    OPTIINFRA_TRY(const auto detached, names_in(engine / table / "detached"));
    for (const std::string& name : detached) files.detached.push_back(table / "detached" / name);
  }
  return std::optional(std::move(files));
}

/// The folders of the tables that have a definition, in the order in which they are to be listed.
Result<std::vector<fs::path>> tables_in_order(const fs::path& engine,
                                              const std::vector<Definition>& definitions,
                                              const std::vector<std::string>& listed_last) {
  std::map<std::string, std::size_t> places;  // By UUID.
  for (const Definition& each : definitions) {
    const auto last = std::find(listed_last.begin(), listed_last.end(), fs::path(each.path).stem().string());
    const auto place =
        last == listed_last.end() ? 0 : static_cast<std::size_t>(last - listed_last.begin()) + 1;
    places[definition_uuid(each.text)] = place;
  }
  OPTIINFRA_TRY(auto folders, table_folders(engine));
  // One that waits for its removal has no definition any more.
  std::erase_if(folders, [&](const fs::path& each) { return !places.contains(each.filename().string()); });
  std::stable_sort(folders.begin(), folders.end(), [&](const fs::path& left, const fs::path& right) {
    return places[left.filename().string()] < places[right.filename().string()];
  });
  return folders;
}

Result<std::vector<TableFiles>> list_files(const fs::path& engine, const std::vector<Definition>& definitions,
                                           const std::vector<std::string>& listed_last) {
  std::vector<TableFiles> all;
  OPTIINFRA_TRY(const auto folders, tables_in_order(engine, definitions, listed_last));
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
    if (code)
      return storage_error(from_ / path, "cannot copy to " + to_.parent_path().string() + " from",
                           code.value());
    return true;
  }

  /// Copies what lies there, whatever it is, over what an earlier call copied. False when something of it is
  /// gone.
  Result<bool> copy_tree(const fs::path& path) {
    OPTIINFRA_CHECK(remove_tree(to_ / path));
    std::error_code code;
    if (fs::is_regular_file(from_ / path, code)) return copy_file(path);
    OPTIINFRA_CHECK(make_folder(to_ / path));
    for (fs::recursive_directory_iterator entry(from_ / path, code), end; !code && entry != end;
         entry.increment(code)) {
      if (!entry->is_regular_file(code)) continue;
      OPTIINFRA_TRY(const bool copied, copy_file(entry->path().lexically_relative(from_)));
      if (!copied) return false;
    }
    return !code;
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

/// The files of tables that are no parts, which are small, and the parts that were set aside, which are few.
/// What an earlier listing left of them goes.
Result<bool> copy_others(const std::vector<TableFiles>& tables, Copy& copy) {
  bool is_whole = true;
  for (const TableFiles& table : tables) {
    for (const auto* paths : {&table.small, &table.detached})
      for (const fs::path& path : *paths) {
        OPTIINFRA_TRY(const bool copied, copy.copy_tree(path));
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

/// Something else may have removed parts of the copy while it was made.
Result<void> expect_parts(const Copy& copy, const std::vector<PartPath>& parts) {
  std::error_code code;
  for (const PartPath& part : parts) {
    if (!fs::exists(copy.to() / part / "checksums.txt", code))
      return Error{ErrorKind::kStorage,
                   (copy.to() / part).string() +
                       " was copied and is gone: another program removes files there; use "
                       "a folder of its own"};
  }
  return {};
}

/// One listing, copied. False when something was gone before it was copied.
Result<bool> copy_listing(const std::vector<TableFiles>& tables, Copy& copy) {
  OPTIINFRA_TRY(const bool is_whole, copy_listed(tables, copy));
  OPTIINFRA_TRY(const bool are_others_whole, copy_others(tables, copy));
  if (!is_whole || !are_others_whole) return false;
  const auto parts = sorted_parts(tables);
  OPTIINFRA_CHECK(copy.keep_only(parts));
  OPTIINFRA_CHECK(expect_parts(copy, parts));
  return true;
}

Result<void> write_definitions(const std::vector<Definition>& definitions, const fs::path& to) {
  for (const Definition& each : definitions) {
    OPTIINFRA_CHECK(make_folder((to / each.path).parent_path()));
    OPTIINFRA_CHECK(replace_file(to / each.path, each.text, (to / each.path).string() + ".new"));
  }
  return {};
}

struct CopyPlan {
  fs::path from, to, base;
  std::vector<fs::path> files;
  std::vector<std::string> listed_last = {};
  std::string mark = {};  ///< What the file BACKUP says; empty: it is no backup.
};

/// The engine's folder: definitions, and the parts of one listing.
Result<BackupReport> copy_engine(const CopyPlan& plan, const fs::path& unfinished) {
  Copy copy(plan.from / "engine", unfinished / "engine",
            plan.base.empty() ? fs::path() : plan.base / "engine");
  Error failure{ErrorKind::kUnavailable, "the store changes faster than it can be copied to " +
                                             unfinished.string() +
                                             "; use a faster disk, or back up when less is written"};
  for (int listing = 0; listing < kListingsMax; ++listing) {
    OPTIINFRA_TRY(const auto definitions, read_definitions(copy.from()));
    const auto tables = list_files(copy.from(), definitions, plan.listed_last);
    if (!tables) {
      failure = tables.error();  // A table that was dropped meanwhile is not there the next time.
      continue;
    }
    if (listing == 0)
      OPTIINFRA_CHECK(expect_room(*tables, copy, plan.base.empty() ? fs::path() : plan.base / "engine"));
    OPTIINFRA_TRY(const bool is_whole, copy_listing(*tables, copy));
    OPTIINFRA_TRY(const auto definitions_after, read_definitions(copy.from()));
    if (!is_whole || definitions != definitions_after) continue;
    OPTIINFRA_CHECK(write_definitions(definitions, copy.to()));
    BackupReport report = copy.report();
    report.tables = tables->size();
    return report;
  }
  return failure;
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

/// Into `unfinished`, all of it permanent.
Result<BackupReport> copy_to(const CopyPlan& plan, const fs::path& unfinished) {
  OPTIINFRA_CHECK(make_folder(unfinished / "engine"));
  OPTIINFRA_TRY(const BackupReport report, copy_engine(plan, unfinished));
  OPTIINFRA_CHECK(keep_definitions_copy(unfinished / "engine"));
  Copy rest(plan.from, unfinished, {});
  std::error_code code;
  for (const fs::path& file : plan.files) {
    if (fs::exists(plan.from / file, code)) OPTIINFRA_CHECK(done(rest.copy_tree(file)));
  }
  if (!plan.mark.empty())
    OPTIINFRA_CHECK(replace_file(unfinished / "BACKUP", plan.mark, unfinished / "BACKUP.new"));
  OPTIINFRA_CHECK(sync_disk(unfinished));
  return report;
}

/// A folder that this process fills; others see that it is not abandoned by its lock.
class HeldFolder {
 public:
  /// -1 when another process holds it, or it is not there.
  static int try_hold(const fs::path& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder >= 0 && ::flock(folder, LOCK_EX | LOCK_NB) == 0) return folder;
    if (folder >= 0) ::close(folder);
    return -1;
  }

  explicit HeldFolder(int folder) : folder_(folder) {}
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;
  ~HeldFolder() { ::close(folder_); }

 private:
  int folder_;
};

/// Removes what an earlier copy left at `path`, if none is at work there.
Result<void> remove_abandoned(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(fs::symlink_status(path, code))) return {};
  const int folder = HeldFolder::try_hold(path);
  if (folder < 0)
    return Error{ErrorKind::kConflict,
                 "another copy is being written to " + path.string() + "; wait for its end"};
  const HeldFolder held(folder);
  return remove_tree(path);
}

Result<BackupReport> copy_store(const CopyPlan& plan) {
  const fs::path unfinished = plan.to.string() + kUnfinished;
  OPTIINFRA_CHECK(make_folder(plan.to.parent_path()));
  OPTIINFRA_CHECK(remove_abandoned(unfinished));
  // Others may read neither rows nor hashes of passwords.
  if (::mkdir(unfinished.c_str(), 0700) != 0) return storage_error(unfinished, "cannot create", errno);
  const int folder = HeldFolder::try_hold(unfinished);
  if (folder < 0) return storage_error(unfinished, "cannot hold", errno);
  const HeldFolder held(folder);
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

/// Nothing there, or an empty folder that a rename may replace without a loss.
Result<void> expect_nothing(const fs::path& path) {
  struct stat status{}, parent{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  std::error_code code;
  if (!S_ISLNK(status.st_mode) && (!fs::is_directory(path, code) || !fs::is_empty(path, code) || code))
    return Error{ErrorKind::kConflict, path.string() + " exists and is not empty; choose another folder"};
  const bool is_plain = S_ISDIR(status.st_mode) && ::stat(path.parent_path().c_str(), &parent) == 0 &&
                        parent.st_dev == status.st_dev && status.st_uid == ::geteuid();
  if (is_plain) return {};
  return invalid_argument(path.string() +
                          " is a link, a mount point or a folder of another account; name a folder that does "
                          "not exist, and run this as the account that is to own it");
}

constexpr std::string_view kTakenStart = "taken ", kStoreStart = "store ";

std::string mark_of(const std::string& store, sys_seconds taken) {
  return std::string(kBackupMark) + std::string(kStoreStart) + store + "\n" + std::string(kTakenStart) +
         format_time(taken) + "\n";
}

/// Nothing where the folder is no backup.
std::optional<Backup> read_mark(const fs::path& folder) {
  std::ifstream file(folder / "BACKUP");
  Backup backup{.path = folder, .store = {}, .taken = {}};
  std::string line;
  if (!std::getline(file, line) || line + "\n" != kBackupMark) return std::nullopt;
  while (std::getline(file, line)) {
    if (line.starts_with(kStoreStart)) backup.store = line.substr(kStoreStart.size());
    if (!line.starts_with(kTakenStart)) continue;
    const auto taken = parse_time(line.substr(kTakenStart.size()));
    if (taken) backup.taken = *taken;
  }
  return backup;
}

bool is_name_of_unfinished(const std::string& name) {
  const std::string sample = backup_name(sys_seconds{}) + kUnfinished;
  return name.size() == sample.size() && name.ends_with(kUnfinished) &&
         std::equal(name.begin(), name.end(), sample.begin(), [](char given, char digit) {
           return digit >= '0' && digit <= '9' ? given >= '0' && given <= '9' : given == digit;
         });
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
  OPTIINFRA_TRY(const std::string identity, backup_identity(store));
  CopyPlan plan{.from = store,
                .to = backup,
                .base = options.base,
                .files = options.more_files,
                .listed_last = options.listed_last,
                .mark = mark_of(identity, now())};
  plan.files.insert(plan.files.end(), {"OPTIINFRA", "set-aside"});
  return copy_store(plan);
}

Result<BackupReport> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& store) {
  using namespace embedded;
  if (!is_backup(backup)) return Error{ErrorKind::kInvalidArgument, backup.string() + " is no backup"};
  OPTIINFRA_CHECK(expect_store(backup));
  OPTIINFRA_CHECK(expect_nothing(store));
  CopyPlan plan{.from = backup, .to = store, .base = {}, .files = {}};
  OPTIINFRA_TRY(const auto names, names_in(backup));
  for (const std::string& name : names) {
    if (name != "engine" && name != "BACKUP" && name != "definitions" && name != "lock")
      plan.files.emplace_back(name);
  }
  return copy_store(plan);
}

bool is_backup(const std::filesystem::path& folder) { return embedded::read_mark(folder).has_value(); }

Result<std::string> backup_identity(const std::filesystem::path& store) {
  OPTIINFRA_TRY(const auto definitions, embedded::read_definitions(store / "engine"));
  for (const embedded::Definition& each : definitions)
    if (each.path == "metadata/" + std::string(kDefaultDatabase) + ".sql")
      return embedded::definition_uuid(each.text);
  return std::string();
}

Result<void> remove_backup(const std::filesystem::path& backup) {
  if (!is_backup(backup)) return Error{ErrorKind::kInvalidArgument, backup.string() + " is no backup"};
  const std::filesystem::path unfinished = backup.string() + embedded::kUnfinished;
  OPTIINFRA_CHECK(embedded::remove_abandoned(unfinished));
  if (::rename(backup.c_str(), unfinished.c_str()) != 0)
    return embedded::storage_error(backup, "cannot rename", errno);
  return embedded::remove_tree(unfinished);
}

Result<std::vector<Backup>> backups_in(const std::filesystem::path& folder) {
  std::vector<Backup> backups;
  std::error_code code;
  if (!std::filesystem::is_directory(folder, code)) return backups;
  OPTIINFRA_TRY(const auto names, embedded::names_in(folder));
  for (const std::string& name : names) {
    if (name.ends_with(embedded::kUnfinished)) continue;
    if (auto backup = embedded::read_mark(folder / name)) backups.push_back(*std::move(backup));
  }
  std::stable_sort(backups.begin(), backups.end(),
                   [](const Backup& left, const Backup& right) { return left.taken < right.taken; });
  return backups;
}

void remove_unfinished_backups(const std::filesystem::path& folder) {
  const auto names = embedded::names_in(folder);
  if (!names) return;
  for (const std::string& name : *names)
    if (embedded::is_name_of_unfinished(name)) (void)embedded::remove_abandoned(folder / name);
}

std::string backup_name(sys_seconds taken) {
  std::string name = format_time(taken);
  std::erase(name, ':');
  return name;
}

}  // namespace optiinfra
