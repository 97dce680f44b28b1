#include "optiinfra/transport/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/service/verification.hpp"
#include "optiinfra/store/attribution_tables.hpp"

namespace optiinfra::cli {
namespace {

namespace fs = std::filesystem;

struct BackupFlags {
  std::string folder;
  std::size_t keep = 0;  ///< 0: all.
  bool no_verify = false;
};

struct RestoreFlags {
  std::string backup;
};

/// Keeps a second backup out of a folder of backups.
class FolderLock {
 public:
  static Result<FolderLock> take(const fs::path& folder) {
    std::error_code code;
    fs::create_directories(folder, code);
    const int file = code ? -1 : ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
      return Error{ErrorKind::kStorage,
                   "cannot use " + folder.string() + ": " +
                       (code ? code : std::error_code(errno, std::generic_category())).message()};
    FolderLock lock(file);
    const int code_of_lock = ::flock(file, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (code_of_lock != 0 && code_of_lock != EWOULDBLOCK)
      return Error{ErrorKind::kStorage, "cannot lock " + folder.string() + ": " +
                                            std::error_code(code_of_lock, std::generic_category()).message()};
    if (code_of_lock == EWOULDBLOCK)
      return Error{ErrorKind::kConflict,
                   "another backup into " + folder.string() + " is running; wait for its end"};
    return lock;
  }

  FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock() {
    if (file_ >= 0) ::close(file_);
  }

 private:
  explicit FolderLock(int file) : file_(file) {}
  int file_;
};

/// Of the embedded store that the command is about.
Result<fs::path> folder_of(const Context& context, const char* otherwise) {
  OPTIINFRA_TRY(const StoreUrl store, context.store_url());
  if (store.protocol == Protocol::kEmbedded && !store.folder.empty()) return store.folder;
  return invalid_argument(
      "this command works on the files of an embedded store: give its folder "
      "(embedded:/path)" +
      std::string(otherwise));
}

/// Of the store, those in `backups`, the oldest first.
std::vector<Backup> of_store(std::vector<Backup> backups, const std::string& store) {
  std::erase_if(backups, [&](const Backup& each) { return each.store != store; });
  return backups;
}

/// The oldest of `earlier`, until with the new one `keep` are left.
Result<std::size_t> remove_older(const std::vector<Backup>& earlier, std::size_t keep) {
  if (keep == 0 || earlier.size() < keep) return std::size_t{0};
  const std::size_t count = earlier.size() + 1 - keep;
  for (std::size_t i = 0; i < count; ++i) OPTIINFRA_CHECK(remove_backup(earlier[i].path));
  return count;
}

/// Raw rows are the truth for rollups and for the record of imports; attributed rows for the record of hours.
std::vector<std::string> listed_last() {
  std::vector<std::string> tables{store::kAttributedCostTable};
  for (const Family family : kFamilies) tables.emplace_back(table_of(family).raw_table);
  return tables;
}

Section section_of(const std::string& key, const fs::path& path, const BackupReport& copied) {
  return object_section(
      key,
      {{"path", "folder"},
       {"tables", "tables", Look::kCount},
       {"parts", "parts", Look::kCount},
       {"bytes", "size", Look::kBytes},
       {"parts_linked", "parts in the backup before", Look::kCount},
       {"bytes_linked", "shared with it", Look::kBytes}},
      {path.string(), copied.tables, copied.parts, copied.bytes, copied.parts_linked, copied.bytes_linked});
}

/// Adds the summary of `verify` to the report's object. Whether all of the copy agrees.
Result<bool> verify_copy(const fs::path& path, bool is_backup, Report& report) {
  const StoreUrl url{.protocol = Protocol::kEmbedded, .folder = path};
  OPTIINFRA_TRY(Client client, Client::open(url, {.create = !is_backup}));
  OPTIINFRA_TRY(
      service::Verification verified,
      service::verify_store(client, is_backup ? store::RepairMode::kNothing : store::RepairMode::kRollups,
                            service::Detail::kFaults));
  Records& records = report.sections.front().records;
  const Records& summary = verified.report.sections.back().records;
  records.fields.insert(records.fields.end(), summary.fields.begin(), summary.fields.end());
  records.rows[0].insert(records.rows[0].end(), summary.rows[0].begin(), summary.rows[0].end());
  if (!verified.is_ok)
    report.notes.push_back("For what differs: optiinfra --url embedded:" + path.string() + " verify");
  return verified.is_ok;
}

Result<ExitCode> answer(Context& context, Report& report, const Stopwatch& watch, bool is_ok) {
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return is_ok ? ExitCode::kDone : ExitCode::kDifference;
}

Result<ExitCode> run_backup(const BackupFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const fs::path store,
                folder_of(context, "; a ClickHouse server has its own: BACKUP DATABASE optiinfra TO ..."));
  const fs::path folder = fs::absolute(flags.folder);
  OPTIINFRA_TRY(const std::string identity, backup_identity(store));
  OPTIINFRA_TRY(const FolderLock lock, FolderLock::take(folder));
  remove_unfinished_backups(folder);
  OPTIINFRA_TRY(auto all, backups_in(folder));
  const auto earlier = of_store(std::move(all), identity);
  const fs::path backup = folder / backup_name(now());
  OPTIINFRA_TRY(const BackupReport copied,
                back_up(store, backup,
                        {.base = earlier.empty() ? fs::path() : earlier.back().path,
                         .more_files = {fs::path("service") / "tokens.json"},
                         .listed_last = listed_last()}));
  Report report{.command = "backup", .sections = {section_of("backup", backup, copied)}};
  bool is_ok = true;
  if (!flags.no_verify) {
    auto verified = verify_copy(backup, true, report);
    if (!verified)
      return with_context(std::move(verified).error(),
                          backup.string() + " was copied, and cannot be verified");
    is_ok = *verified;
    if (!is_ok)
      report.notes.push_back(
          "Hours that were written to during the backup may differ; `optiinfra restore` makes them from raw "
          "rows. Older backups were kept");
  }
  const auto removed = is_ok ? remove_older(earlier, flags.keep) : Result<std::size_t>(std::size_t{0});
  if (!removed) return with_context(removed.error(), backup.string() + " is whole; removing an older one");
  if (*removed > 0) report.notes.push_back(std::to_string(*removed) + " older backups were removed (--keep)");
  report.notes.push_back("Restore it with: optiinfra --url embedded:NEW_FOLDER restore " + backup.string());
  return answer(context, report, watch, is_ok);
}

/// A backup, or the latest one in a folder that holds those of one store.
Result<fs::path> chosen_backup(const std::string& text) {
  const fs::path path = fs::absolute(text);
  if (is_backup(path)) return path;
  OPTIINFRA_TRY(const auto backups, backups_in(path));
  if (backups.empty())
    return invalid_argument("there is no backup in " + path.string() +
                            "; name a backup, or a folder of backups for the latest one");
  if (of_store(backups, backups.back().store).size() != backups.size())
    return invalid_argument(path.string() + " holds backups of several stores; name one of them, such as " +
                            backups.back().path.string());
  return backups.back().path;
}

Result<ExitCode> run_restore(const RestoreFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const fs::path store, folder_of(context, ""));
  OPTIINFRA_TRY(const fs::path backup, chosen_backup(flags.backup));
  OPTIINFRA_TRY(const BackupReport copied, restore_backup(backup, store));
  Report report{.command = "restore", .sections = {section_of("restored", store, copied)}};
  auto verified = verify_copy(store, false, report);
  if (!verified)
    return with_context(
        std::move(verified).error(),
        store.string() + " was restored, and not verified; run `optiinfra verify --repair` on it");
  if (fs::exists(store / "service" / "tokens.json"))
    report.notes.push_back(
        "Tokens are those of the backup: revoke again what was revoked since (optiinfra token list)");
  return answer(context, report, watch, *verified);
}

void describe_backup(CLI::App& app, BackupFlags& flags) {
  app.add_option("folder", flags.folder,
                 "Where backups are kept; this one gets a folder in it that is named by the time. What the "
                 "latest one there has already takes no room again")
      ->type_name("DIR")
      ->required();
  app.add_option(
         "--keep", flags.keep,
         "Remove the oldest backups of this store there afterwards, until N are left; none when the new "
         "one does not verify")
      ->type_name("N")
      ->check(within<std::size_t>(1, 100'000));
  app.add_flag("--no-verify", flags.no_verify,
               "Do not compare the rollups of the backup with its raw rows, which reads all of it");
}

void describe_restore(CLI::App& app, RestoreFlags& flags) {
  app.add_option("backup", flags.backup, "A backup, or a folder of backups: then the latest one")
      ->type_name("DIR")
      ->required();
}

}  // namespace

void define_backup(CLI::App& parent, Action& action) {
  define_command<BackupFlags>(
      parent, action, "backup",
      "Copy an embedded store to another folder, also while a server or another program uses it, and verify "
      "the copy. A backup is a store that is only read: query it where it lies. Exit code 4 when its rollups "
      "differ from its raw rows",
      "  optiinfra backup /mnt/backups\n"
      "  optiinfra backup /mnt/backups --keep 14\n"
      "  optiinfra --url embedded:/mnt/backups/2026-11-29T164231Z query cost-hourly --hours 24 --customer "
      "acme",
      describe_backup, run_backup);
}

void define_restore(CLI::App& parent, Action& action) {
  define_command<RestoreFlags>(parent, action, "restore",
                               "Make a store from a backup, in the folder that --url names, and verify it",
                               "  optiinfra --url embedded:/var/lib/optiinfra/store restore /mnt/backups\n"
                               "  optiinfra --url embedded:./looked-at restore "
                               "/mnt/backups/2026-11-29T164231Z",
                               describe_restore, run_restore);
}

}  // namespace optiinfra::cli
