#include "optiinfra/import/import.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "api/api_import.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/import_metrics.hpp"
#include "commands/import_preview.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "optiinfra/schema/tables.hpp"
#include "output/progress.hpp"

namespace optiinfra::cli {
namespace {

struct ImportFlags {
  std::optional<Family> family;  ///< Absent: texts of metrics.
  std::vector<std::string> files;
  std::string format;
  std::string map;
  std::string customers;
  bool strict = false;
  bool dry_run = false;
  std::optional<std::string> delivery;
  bool replace = false;
  MetricsImportFlags metrics;
};

/// The flags of files that the engine reads into the store itself.
constexpr const char* kStoreFlags =
    "'-' for standard input, --map, --format, --customer-map, --strict, --delivery and --replace";

bool needs_store(const ImportFlags& flags) {
  const bool has_map = !flags.map.empty() && (flags.map != kContractMap || !flags.family);
  return has_map || !flags.format.empty() || !flags.customers.empty() || flags.strict || flags.delivery ||
         flags.replace ||
         std::find(flags.files.begin(), flags.files.end(), kStandardInput) != flags.files.end();
}

/// A family, or texts of metrics, which hold rows of several.
Result<std::optional<Family>> parse_content(const std::string& text) {
  if (text == "metrics") return std::optional<Family>{};
  OPTIINFRA_TRY(const Family family, parse_family(text));
  return std::optional<Family>(family);
}

Value nothing_if_empty(const std::string& text) { return text.empty() ? Value() : Value(text); }

/// Of many files a table shows the first and those with refused rows; JSON and CSV have all.
constexpr std::size_t kBriefFiles = 10;

std::vector<const FileReport*> files_shown(const ImportReport& imported, bool brief) {
  std::vector<const FileReport*> shown;
  for (const FileReport& each : imported.files)
    if (!brief || shown.size() < kBriefFiles || each.rows_refused != 0) shown.push_back(&each);
  return shown;
}

/// A table leaves out the delivery that most imports have none of.
Section files_section(const std::vector<const FileReport*>& files, bool brief) {
  Records records{.fields = {{"file", "file"},
                             {"map", "map"},
                             {"rows_read", "read", Look::kCount},
                             {"rows_stored", "stored", Look::kCount},
                             {"rows_already_stored", "stored before", Look::kCount},
                             {"rows_refused", "refused", Look::kCount},
                             {"rows_left_out", "left out", Look::kCount},
                             {"elapsed_ms", "ms", Look::kCount},
                             {"begin", "oldest (UTC)", Look::kTime},
                             {"end", "newest, until", Look::kTime},
                             {"rejected", "refused rows are in"}},
                  .rows = {}};
  for (const FileReport* each : files)
    records.rows.push_back(
        {each->path.string(), each->map, each->rows_read, each->rows_stored, each->rows_already_stored,
         each->rows_refused, each->rows_left_out, std::uint64_t(each->elapsed.count()),
         each->times ? Value(each->times->begin) : Value(), each->times ? Value(each->times->end) : Value(),
         nothing_if_empty(each->rejected_path.string())});
  const auto has_none = [](const FileReport* each) { return each->delivery.empty(); };
  if (!brief || !std::ranges::all_of(files, has_none)) {
    constexpr std::ptrdiff_t kAfterMap = 2;
    records.fields.insert(records.fields.begin() + kAfterMap, {"delivery", "delivery"});
    for (std::size_t i = 0; i < files.size(); ++i)
      records.rows[i].insert(records.rows[i].begin() + kAfterMap, nothing_if_empty(files[i]->delivery));
  }
  return {.key = "files", .title = {}, .records = std::move(records)};
}

/// Of the work on the files, without the opening of the store.
double seconds_of(const ImportReport& imported) {
  std::chrono::duration<double> total{};
  for (const FileReport& each : imported.files) total += each.elapsed;
  return total.count();
}

/// A table leaves out the counts of what most imports have none of.
Section summary_section(const ImportReport& imported, bool brief) {
  const double seconds = seconds_of(imported);
  const double rate = seconds > 0 ? static_cast<double>(imported.rows_stored()) / seconds : 0;
  struct Count {
    const char *key, *heading;
    std::uint64_t rows;
    bool is_rare = false;
  };
  const Count counts[] = {
      {"rows_read", "rows read", imported.rows_read()},
      {"rows_stored", "stored", imported.rows_stored()},
      {"rows_already_stored", "stored before", imported.rows_already_stored(), true},
      {"rows_refused", "refused", imported.rows_refused()},
      {"rows_past_retention", "past their retention", imported.rows_past_retention(), true},
      {"rows_past_rollups", "past that of rollups", imported.rows_past_rollups(), true},
      {"rows_taken_back", "taken back", imported.rows_taken_back(), true},
      {"rows_gone", "gone since", imported.rows_gone(), true},
      {"rows_per_second", "rows/s", static_cast<std::uint64_t>(rate)}};
  std::vector<Field> fields;
  Row values;
  for (const Count& each : counts) {
    if (brief && each.is_rare && each.rows == 0) continue;
    fields.push_back({each.key, each.heading, Look::kCount});
    values.push_back(each.rows);
  }
  return object_section("summary", std::move(fields), std::move(values));
}

/// The bills of all files together: what is in them, what of it is stored, and what is not.
Section bill_section(const ImportReport& imported) {
  std::map<std::string, BilledCategory> categories;
  BilledCategory total{.category = "total"};
  for (const FileReport& file : imported.files) {
    for (const BilledCategory& each : file.bill) {
      for (BilledCategory* sum : {&categories[each.category], &total}) {
        sum->lines += each.lines;
        sum->amount += each.amount;
        sum->stored += each.stored;
      }
    }
  }
  Records records{.fields = {{"category", "category"},
                             {"lines", "lines", Look::kCount},
                             {"amount", "in the bill", Look::kDecimal, 4},
                             {"stored", "stored", Look::kDecimal, 4},
                             {"left_out", "left out", Look::kDecimal, 4}},
                  .rows = {}};
  const auto add = [&records](const std::string& name, const BilledCategory& sum) {
    records.rows.push_back({name, sum.lines, sum.amount, sum.stored, sum.amount - sum.stored});
  };
  for (const auto& [name, sum] : categories) add(name, sum);
  if (!categories.empty()) add(total.category, total);
  return {.key = "bill", .title = {}, .records = std::move(records)};
}

ImportOptions options_of(const ImportFlags& flags) {
  ImportOptions options;
  options.family = *flags.family;
  options.files.assign(flags.files.begin(), flags.files.end());
  options.format = flags.format;
  options.map = flags.map;
  options.customers = flags.customers;
  options.time = flags.metrics.at;
  options.strict = flags.strict;
  options.delivery = flags.delivery.value_or("");
  options.replace = flags.replace;
  options.reader_program = "/proc/self/exe";
  return options;
}

std::string progress_label(const ImportProgress& at) {
  return fmt::format("{} ({} of {})", at.path.filename().string(), at.file_index + 1, at.file_count);
}

/// "1300d": as long as rows of that time have to be kept, and a month more.
std::string keep_since(sys_seconds oldest) {
  const auto age = std::chrono::ceil<std::chrono::days>(now() - oldest) + std::chrono::days{30};
  return fmt::format("{}d", age.count());
}

void remark_old(const OldRows& old, Family family, const Context& context) {
  context.remark(fmt::format(
      "{}: {} rows are older than the {} days for which rollups are kept; rows and rollups will be removed a "
      "day after their arrival. To keep the rollups, before then: optiinfra retention set {} rollup {}",
      old.path.string(), old.rows, old.rollup_retention.count(), table_of(family).name,
      keep_since(old.oldest)));
}

Result<ImportReport> import_with_progress(Client& client, ImportOptions options, const Context& context) {
  std::optional<Progress> progress;
  std::size_t file_index = 0;
  options.on_progress = [&](const ImportProgress& at) {
    if (!progress || at.file_index != file_index)
      progress.emplace(progress_label(at), "rows", at.rows_total, context.quiet, context.console_terminal);
    file_index = at.file_index;
    progress->set(at.rows_read, at.rows_total);
    if (InterruptGuard::is_requested()) throw Interrupted{};
  };
  options.on_old_rows = [&](const OldRows& old) { remark_old(old, options.family, context); };
  return import_files(client, options);
}

/// The keys that have no customer, those with the most rows first.
std::optional<std::string> customers_note(const ImportReport& imported) {
  std::map<std::string, std::uint64_t> rows;
  std::uint64_t total = 0;
  for (const FileReport& file : imported.files) {
    for (const auto& [key, count] : file.rows_without_customer) rows[key] += count, total += count;
  }
  if (rows.empty()) return std::nullopt;
  std::vector<std::pair<std::string, std::uint64_t>> keys(rows.begin(), rows.end());
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string list;
  for (std::size_t i = 0; i < keys.size() && i < kBriefFiles; ++i)
    list += fmt::format("{}{} ({} rows)", i == 0 ? "" : ", ", keys[i].first.empty() ? "none" : keys[i].first,
                        keys[i].second);
  if (keys.size() > kBriefFiles) list += fmt::format(" and {} more", keys.size() - kBriefFiles);
  return fmt::format("{} rows are refused because the customer map has no customer for: {}", total, list);
}

/// About rows that will go, have gone, or were replaced.
void add_notes_of_time(const ImportFlags& flags, const ImportReport& imported, Report& report) {
  const char* const family = table_of(*flags.family).name;
  if (imported.rows_past_retention() > imported.rows_past_rollups())
    report.notes.push_back(
        fmt::format("Rows older than {} days stay for a day and then go; their hourly rollups stay, up to an "
                    "age of {} days. To keep them: optiinfra retention set {} raw {}d",
                    imported.retention.count(), imported.rollup_retention.count(), family,
                    imported.rollup_retention.count()));
  if (imported.rows_past_rollups() != 0)
    report.notes.push_back(fmt::format(
        "{} rows are older than the {} days of the rollups: a day after their arrival rows and rollups go",
        imported.rows_past_rollups(), imported.rollup_retention.count()));
  if (imported.rows_gone() != 0)
    report.notes.push_back(
        fmt::format("{} of the rows that were stored before are not in the store any more: they are past "
                    "their retention, or were removed. --replace imports their files again",
                    imported.rows_gone()));
  if (imported.rows_taken_back() != 0 &&
      (*flags.family == Family::kCost || *flags.family == Family::kPerformance))
    report.notes.push_back(
        "Attributed hours of the days whose rows were replaced are out of date until a service or `optiinfra "
        "attribute` makes them again");
}

Report make_report(const ImportFlags& flags, const ImportReport& imported, bool brief,
                   const Stopwatch& watch) {
  Report report{.command = "import"};
  report.elapsed = watch.elapsed();
  const auto files = files_shown(imported, brief);
  report.sections.push_back(files_section(files, brief));
  if (auto bill = bill_section(imported); !bill.records.rows.empty())
    report.sections.push_back(std::move(bill));
  report.sections.push_back(summary_section(imported, brief));
  if (files.size() < imported.files.size())
    report.notes.push_back(fmt::format("{} more files without refused rows; --output json lists all.",
                                       imported.files.size() - files.size()));
  for (const FileReport* each : files) {
    if (each->was_already_imported || each->rejected_path.empty() ||
        each->rows_written_down >= each->rows_refused)
      continue;
    report.notes.push_back(fmt::format("{} of {} refused rows are in {}; the others are only counted.",
                                       each->rows_written_down, each->rows_refused,
                                       each->rejected_path.string()));
  }
  for (const FileReport& each : imported.files)
    report.notes.insert(report.notes.end(), each.remarks.begin(), each.remarks.end());
  if (auto note = customers_note(imported)) report.notes.push_back(*std::move(note));
  add_notes_of_time(flags, imported, report);
  return report;
}

/// Of the same shape as what import_files() reports.
FileReport report_of(const ApiFile& file) {
  FileReport report;
  report.path = file.path;
  report.map = kContractMap;
  report.rows_read = file.rows_read();
  report.rows_stored = file.rows_stored;
  report.rows_already_stored = file.rows_already_stored;
  report.rows_refused = file.rows_refused;
  report.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(file.elapsed);
  return report;
}

void remark_refused(const ApiFile& file, const Context& context) {
  for (const RefusedRowOfFile& each : file.refused)
    context.remark(fmt::format("{}, row {}: {}", file.path.string(), each.row, each.reason));
  if (file.rows_refused > file.refused.size())
    context.remark(fmt::format("{}: {} more rows are refused", file.path.string(),
                               file.rows_refused - file.refused.size()));
}

Result<ImportReport> import_by_api(api::ApiStore& store, const ImportFlags& flags, const Context& context) {
  if (needs_store(flags) || flags.metrics.at)
    return invalid_argument(std::string("--at, ") + kStoreFlags +
                            " work on the store itself, where the engine reads the files and the record of "
                            "imports is: give the store's own URL");
  ImportReport imported;
  for (const std::string& path : flags.files) {
    std::error_code ignored;
    const std::uint64_t bytes = std::filesystem::file_size(path, ignored);
    Progress progress(std::filesystem::path(path).filename().string(), "bytes", ignored ? 0 : bytes,
                      context.quiet, context.console_terminal);
    const auto on_piece = [&](std::uint64_t done) {
      progress.set(done, ignored ? 0 : bytes);
      if (InterruptGuard::is_requested()) throw Interrupted{};
    };
    OPTIINFRA_TRY(const ApiFile file, import_file(store, path, *flags.family, on_piece));
    remark_refused(file, context);
    imported.files.push_back(report_of(file));
  }
  return imported;
}

Result<ImportReport> import_here(const ImportFlags& flags, const Context& context) {
  OPTIINFRA_TRY(Client client, context.open(false));
  return import_with_progress(client, options_of(flags), context);
}

/// Imports into a store that is thrown away.
Result<ExitCode> run_dry(const ImportFlags& flags, Context& context) {
  const Stopwatch watch;
  const InterruptGuard guard;
  try {
    OPTIINFRA_TRY(ImportPreview preview, ImportPreview::open());
    ImportOptions options = options_of(flags);
    options.rejected_folder = preview.rejected_folder();
    auto imported = import_with_progress(preview.client(), std::move(options), context);
    if (!imported) {
      context.complain(imported.error());
      return ExitCode::kFailed;
    }
    ImportReport shown = *imported;
    for (FileReport& each : shown.files) each.rejected_path.clear();  // It goes with the preview.
    Report report = make_report(flags, shown, context.output == OutputFormat::kTable, watch);
    OPTIINFRA_CHECK(preview.describe(*flags.family, *imported, report));
    OPTIINFRA_CHECK(context.answer(report));
    return imported->rows_refused() == 0 ? ExitCode::kDone : ExitCode::kRowsRefused;
  } catch (const Interrupted&) {
    context.remark("stopped; nothing was stored");
    return ExitCode::kInterrupted;
  }
}

Result<ExitCode> run(const ImportFlags& flags, Context& context) {
  if (!flags.family && flags.dry_run)
    return invalid_argument("`optiinfra explain-metrics FILE` says what texts of metrics become");
  if (!flags.family && needs_store(flags))
    return invalid_argument(std::string(kStoreFlags) + " are for files of rows, not for texts of metrics");
  if (flags.delivery && flags.delivery->empty())
    return invalid_argument(
        "--delivery needs a name; without one the rows would be added to the earlier ones");
  if (!flags.family) return import_metrics(flags.files, flags.metrics, context);
  if (flags.dry_run) return run_dry(flags, context);
  const Stopwatch watch;
  const InterruptGuard guard;
  OPTIINFRA_TRY(auto api, context.api());
  try {
    auto imported = api ? import_by_api(*api, flags, context) : import_here(flags, context);
    if (!imported) {
      // A file that cannot be imported is no wrong usage: the flags were understood.
      context.complain(imported.error());
      return ExitCode::kFailed;
    }
    OPTIINFRA_CHECK(
        context.answer(make_report(flags, *imported, context.output == OutputFormat::kTable, watch)));
    return imported->rows_refused() == 0 ? ExitCode::kDone : ExitCode::kRowsRefused;
  } catch (const Interrupted&) {
    context.remark(
        "stopped after the block in flight; the same command again stores the rest, each row once");
    return ExitCode::kInterrupted;
  }
}

void describe(CLI::App& app, ImportFlags& flags) {
  add_parsed(app, "family", flags.family, parse_content,
             "Which metrics the files hold; 'metrics' for saved answers of /metrics, from old to new",
             family_type() + "|metrics")
      ->required();
  app.add_option(
         "files", flags.files,
         "CSV, JSON lines, Parquet, Arrow or Native, also .gz and .zst; - for standard input; texts of "
         "metrics")
      ->type_name("FILE")
      ->required();
  app.add_option(
         "--format", flags.format,
         "The files' format, whatever their names end in: csv, tsv, jsonl, parquet, arrow, ..., then .gz, "
         ".zst or .xz; standard input that is not compressed is recognised")
      ->type_name("NAME");
  app.add_option(
         "--map", flags.map,
         "How the files' columns map to the table's columns: a TOML file, or the name of a ready-made map; "
         "without it the ready-made map that fits a file's columns")
      ->type_name("FILE");
  app.add_option(
         "--customer-map", flags.customers,
         "Who pays: a CSV file with a key (account, project, subscription, tag:NAME or a column of the "
         "files) and the customer's name or UUID; rows of other keys are refused")
      ->type_name("FILE");
  app.add_flag("--strict", flags.strict, "Store nothing of a file with a row that breaks a rule");
  app.add_option("--delivery", flags.delivery,
                 "The files replace the family's earlier delivery of this name, as a corrected bill does. "
                 "'auto' takes the name from the bill, its account and period, and so needs all files of the "
                 "bill in one command: a part of it would replace the parts before")
      ->type_name("NAME");
  app.add_flag("--replace", flags.replace,
               "First take back imports of the same content through another map; import again what is not in "
               "the store any more");
  app.add_flag(
      "--dry-run", flags.dry_run,
      "Store nothing: import into a temporary store, and show the first rows as they would be stored, "
      "what would be refused and why, and for bills the sums");
  describe_metrics_import(app, flags.metrics);
}

std::string map_list() {
  std::string text = "Ready-made maps:\n";
  for (const BuiltinMap& map : builtin_maps()) text += fmt::format("  {:<16}{}\n", map.name, map.description);
  return text;
}

}  // namespace

void define_import(CLI::App& parent, Action& action) {
  CLI::App* const app =
      define_command<ImportFlags>(parent, action, "import",
                                  "Store the rows of files, each exactly once: importing again, also after a "
                                  "kill in the middle, adds what is missing. Refused "
                                  "rows go to FILE.rejected.jsonl, and the exit code is 3",
                                  "  optiinfra import performance requests.csv\n"
                                  "  optiinfra import cost billing/*.parquet --customer-map accounts.csv\n"
                                  "  optiinfra import quality scores.jsonl.gz --map mine.toml --dry-run\n"
                                  "  optiinfra import metrics a.prom b.prom --customer acme --instance gpu-1",
                                  describe, run);
  // Made on demand: reading the maps takes time that other commands do not have.
  app->footer(map_list);
}

}  // namespace optiinfra::cli
