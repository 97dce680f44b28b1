/// @file optiinfra/transport/backup.hpp
/// Backups of an embedded store: its files, copied while the store is in use or not, without the engine.
///
/// The engine never changes a part (the files of a piece of a table) once it has its name, and a kill at any
/// moment leaves a store that is whole. A backup is what a kill would leave: of each table the parts that
/// hold it at one moment, and the definitions. It is laid out as a store, and is one, except that its file
/// `BACKUP` keeps it from being written to. So it can be queried and verified where it lies.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra {

struct BackupOptions {
  /// An earlier backup of the same store, on the disk of the new one: files that are in it already are linked
  /// to it (hard links) instead of copied. Each of both stays whole without the other. Empty: none.
  std::filesystem::path base = {};
  /// Small files below the store's folder that belong to it, such as "service/tokens.json"; those that are
  /// there are copied.
  std::vector<std::filesystem::path> more_files = {};
  /// Tables are listed one after the other, and these last, in this order: a table whose rows are the truth
  /// for others, after those. What they have too much is then found by its names; what they lack would be
  /// lost.
  std::vector<std::string> listed_last = {};
};

/// A backup, as its file `BACKUP` describes it.
struct Backup {
  std::filesystem::path path;
  std::string
      store;  ///< UUID of the store's database: that of the store it was taken of and of its restored copies.
  sys_seconds taken{};  ///< When it was begun.
};

/// What was copied.
struct BackupReport {
  std::uint64_t tables = 0;
  std::uint64_t parts = 0;
  std::uint64_t bytes = 0;
  std::uint64_t parts_linked = 0;  ///< Of `parts`, those that the base had.
  std::uint64_t bytes_linked = 0;  ///< Of `bytes`; they take no more room.
};

/// Copies the store in `store` to `backup`, which must not exist. While it runs, the copy lies in
/// `backup`.unfinished, which is removed when it fails; what a kill leaves there the next call removes.
///
/// Covers the tables of the MergeTree family, all that optiinfra makes, with the parts that were set aside;
/// of other tables the definition alone. Not in it: the engine's logs of tokens (a named block that is
/// inserted again is found in the raw rows), and rows that wait in a spool.
///
/// Errors, with nothing left at `backup`: kInvalidArgument where `store` is no store or `base` no backup;
/// kConflict where `backup` exists or is being written by another call; kStorage for a file that cannot be
/// read or written, and before anything is copied when the disk has too little room; kUnavailable when the
/// store changes faster than it can be copied.
Result<BackupReport> back_up(const std::filesystem::path& store, const std::filesystem::path& backup,
                             const BackupOptions& options = {});

/// Makes a store in `store`, which must not exist, or be an empty folder of this account, from `backup`.
/// Everything is copied, so the backup may be on another disk, and be removed afterwards. Rollup rows of
/// inserts that ran during the backup may be missing until `verify --repair`. Errors: as back_up;
/// kInvalidArgument for an empty folder of another account, a link or a mount point.
Result<BackupReport> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& store);

bool is_backup(const std::filesystem::path& folder);

/// Removes a backup; a kill leaves it whole or no backup. Errors: kInvalidArgument where it is none;
/// kStorage.
Result<void> remove_backup(const std::filesystem::path& backup);

/// The backups in `folder`, the oldest first. Empty where the folder is none. Errors: kStorage.
Result<std::vector<Backup>> backups_in(const std::filesystem::path& folder);

/// The store's part of Backup::store; empty where its database has no definition. Errors: kStorage.
Result<std::string> backup_identity(const std::filesystem::path& store);

/// Removes what backups and removals that were killed left in a folder of backups, and nothing that a running
/// one is about to finish.
void remove_unfinished_backups(const std::filesystem::path& folder);

/// The name of a backup that is taken now, "2026-11-29T164231Z": a plain name on every file system.
std::string backup_name(sys_seconds taken);

}  // namespace optiinfra
