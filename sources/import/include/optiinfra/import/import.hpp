/// @file optiinfra/import/import.hpp
/// Imports files into a store: CSV, JSON lines, Parquet, Arrow, Native and other formats that the engine
/// reads, also compressed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// The map of files whose columns have the names of the table's columns.
inline constexpr const char* kContractMap = "contract";

/// Among ImportOptions::files: standard input.
inline constexpr const char* kStandardInput = "-";

/// As ImportOptions::delivery: the name that the files themselves give, by the key `delivery` of their map.
inline constexpr const char* kDeliveryOfBill = "auto";

/// How far the import of one file has come.
struct ImportProgress {
  std::filesystem::path path;
  std::size_t file_index = 0;  ///< From 0, in the order of ImportOptions::files.
  std::size_t file_count = 0;
  std::uint64_t rows_total = 0;  ///< Of this file; 0 when its format does not tell.
  std::uint64_t rows_read = 0;
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;
};

/// The total of one category of a bill's lines, in the bill's currency.
struct BilledCategory {
  std::string category = {};  ///< As the file names it: Usage, Tax, Credit, ...
  std::uint64_t lines = 0;
  double amount = 0;  ///< In the file.
  double stored = 0;  ///< The total of its stored rows. The rest is left out or refused.
};

/// The result for one file.
struct FileReport {
  std::filesystem::path path;
  std::string map;                ///< By which it was read: the named one, or the one that fits its columns.
  std::string delivery = {};      ///< That the file is of now; empty: none.
  Uuid import_id;                 ///< Names content, family and map: the same three give the same identifier.
  std::uint64_t rows_read = 0;    ///< By this call. Rows that an earlier call has handled are skipped.
  std::uint64_t rows_stored = 0;  ///< By this call. A map with `repeat` stores several rows for one read.
  std::uint64_t rows_already_stored = 0;  ///< By earlier calls.
  std::uint64_t rows_refused = 0;         ///< Of the whole file, by this call and earlier ones.
  /// Of the refused rows, those that rejected_path holds: the first ones, until it has 100,000 or 64 MiB. 0
  /// when the import was finished before.
  std::uint64_t rows_written_down = 0;
  std::uint64_t rows_left_out = 0;  ///< By this call, because the map's `where` did not hold.
  /// Rows stored by this call that are older than the family's retention: they are removed after a day.
  std::uint64_t rows_past_retention = 0;
  /// Of these, the ones that are older than the retention of the rollups too, and go with their rollups.
  std::uint64_t rows_past_rollups = 0;
  /// Rows of earlier imports that were removed because this file, or the first of its delivery, replaces
  /// them.
  std::uint64_t rows_taken_back = 0;
  /// Of rows_already_stored, those that are not in the store any more, in a finished import.
  std::uint64_t rows_gone = 0;
  /// Of the rows read by this call, in the order of the categories' names; empty when the map states no
  /// `amount`. The sum of `amount` is the bill's, that of `stored` the store's.
  std::vector<BilledCategory> bill = {};
  /// Of the rows refused by this call, those whose key is not in ImportOptions::customers, by key. Keys that
  /// come after the first 1,000 are counted together, as "(others)".
  std::vector<std::pair<std::string, std::uint64_t>> rows_without_customer = {};
  /// Sentences about what this call stored and is perhaps not meant so: values that look as if they were in
  /// another unit, charges of a time that an earlier import through the same map has charges of.
  std::vector<std::string> remarks = {};
  bool was_already_imported = false;    ///< An earlier call had finished this import; nothing was read.
  std::filesystem::path rejected_path;  ///< Where the refused rows are written down; empty without any.
  std::optional<TimeRange> times;       ///< From the oldest to just after the newest row stored by this call.
  std::chrono::milliseconds elapsed{0};
};

struct ImportReport {
  std::vector<FileReport> files;         ///< In the order of ImportOptions::files.
  std::chrono::days retention{};         ///< Of the family's raw rows.
  std::chrono::days rollup_retention{};  ///< Of its rollups.

  std::uint64_t rows_read() const noexcept;
  std::uint64_t rows_stored() const noexcept;
  std::uint64_t rows_already_stored() const noexcept;
  std::uint64_t rows_refused() const noexcept;
  std::uint64_t rows_past_retention() const noexcept;
  std::uint64_t rows_past_rollups() const noexcept;
  std::uint64_t rows_taken_back() const noexcept;
  std::uint64_t rows_gone() const noexcept;
};

/// Rows that the store will not keep, not even as rollups.
struct OldRows {
  std::filesystem::path path;
  std::uint64_t rows = 0;  ///< Of the block that is about to be stored.
  sys_seconds oldest{};
  std::chrono::days rollup_retention{};
};

struct ImportOptions {
  Family family = Family::kPerformance;
  /// kStandardInput is read to its end before anything else, to a temporary file in $TMPDIR.
  std::vector<std::filesystem::path> files;
  /// A map file (anything with a '/' or ending in .toml), or the name of a ready-made map (docs/import.md).
  /// Empty: for each file the contract when its columns are the table's, else the ready-made map whose
  /// columns it has.
  std::string map = {};
  /// The format of all files, as the ending that a name would have: "csv", "jsonl.gz". Empty: each file's
  /// name tells it, or of standard input the first bytes.
  std::string format = {};
  /// A CSV file that says who pays, in the place of the map's customer_id: under a header, a key in the first
  /// column and a customer's name or UUID in the second. Empty: the map says it. A row whose key it does not
  /// have is refused, unless it has the key '*', for all others.
  std::filesystem::path customers = {};
  /// When the rows of the files were made, for forms that do not say it (docs/import.md). It is part of what
  /// names the import. Absent: such files are refused; stated for a file that says its times: an error.
  std::optional<sys_seconds> time = {};
  /// One refused row makes its file fail, and nothing of that file is stored. The file is read twice.
  bool strict = false;
  /// Where FILE.rejected.jsonl is written. Empty: in the folder of each file, or where that folder cannot be
  /// written, in the current folder.
  std::filesystem::path rejected_folder;
  /// The program that reads ORC files, because the engine's ORC reader can end the process that runs it. It
  /// is started as `PROGRAM kReadApart FORMAT COMPRESSION` and must then call read_apart(), as the program
  /// optiinfra does. Empty: such files are refused.
  std::filesystem::path reader_program;
  /// The files are a delivery of this name: they replace the files of the family's earlier delivery of that
  /// name. Empty: none. kDeliveryOfBill: the name that all their rows have which have one. So all files of a
  /// bill must be in one call: a part of it would replace the parts before.
  std::string delivery;
  /// Takes back imports of the same content through another map, and of content that the file begins with,
  /// and imports again what was imported and is not in the store any more. Without it these are errors
  /// (kConflict), except the last, which is only counted.
  bool replace = false;
  /// Called before a block with rows that are older than the retention of the rollups is stored: they will
  /// be removed within a day of their arrival, and so will their rollups.
  std::function<void(const OldRows&)> on_old_rows;
  /// Called after every stored block, at the end of each file, and about twice a second while a file is only
  /// read. What it throws ends the call.
  std::function<void(const ImportProgress&)> on_progress;
  /// Called after each file. After an error it has been called for the files before.
  std::function<void(const FileReport&)> on_file;
};

/// Imports the files one after the other, in blocks of up to 262,144 rows, 524,288 where they are of 30 days
/// or more, and 32 MiB of text.
///
/// Exactly once: an import is named by the file's content, the family and the map, and each stored block is
/// recorded in the store. To complete a call that ended early - by an error, a kill, a crash - call again; a
/// finished import is not read again. The same rows in a file of other content count as other rows. Repeat
/// the call before 10,000 other inserts, which is how many the engine remembers.
///
/// A text file, not compressed, that begins with the whole content of a finished import of the same family
/// and map, and with whole lines, has grown: only its new rows are stored, as an import of their own.
///
/// Imports that are replaced (`delivery`, `replace`) are taken back (imports.hpp) after all files of this
/// call have been read to their end without storing, and before rows of them are stored. A call that ended in
/// between is completed by the same call, or by a later delivery of the same name. Readers may see neither
/// the old nor all new rows meanwhile.
///
/// Refused rows go to FILE.rejected.jsonl, one JSON object each: `line` in the file (where the format has
/// lines), `row` counted from 1, `reason`, `refused` values with their rules, and the `raw` row. After
/// 100,000 rows or 64 MiB further ones are only counted. A file of that name that no import has written is
/// left alone, and is an error (kStorage).
///
/// Memory stays near the size of two blocks, whatever the size of the file.
/// Errors: the first file that fails ends the call; files before it stay imported. kInvalidArgument for a
/// file that is absent, empty, not a regular file, not in its format or damaged, for a map that does not fit
/// or a file that fits no map or several, in strict mode for refused rows, where no row of a replacement can
/// be stored, and where kDeliveryOfBill gives no name or several; kConflict for content that was imported in
/// another way, and those of expect_removable() (imports.hpp); kStorage for a file that this process may not
/// read; and those of Client::insert. Before anything is stored the call checks that all files exist and that
/// the map is valid. Threads: up to eight calls may run at once on one client, since each holds one session
/// and needs another.
Result<ImportReport> import_files(Client& client, const ImportOptions& options);

inline constexpr const char* kReadApart = "read-apart";

/// What ImportOptions::reader_program runs in a process of its own: reads the file that is its standard input
/// and writes the same rows in Native to its standard output, which must be a regular file.
Result<void> read_apart(const std::string& format, const std::string& compression);

/// A ready-made map.
struct BuiltinMap {
  std::string name;
  std::optional<Family> family;  ///< The one that it is for; none for any.
  std::string description;
};

/// All ready-made maps, the one named "contract" first.
std::vector<BuiltinMap> builtin_maps();

}  // namespace optiinfra
