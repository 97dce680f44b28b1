#include "optiinfra/import/imports.hpp"

#include <algorithm>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/confirmation.hpp"
#include "flags.hpp"
#include "optiinfra/schema/tables.hpp"
#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

struct ImportsListFlags {
  std::optional<Family> family;
};

struct ImportsShowFlags {
  Uuid id;
};

struct ImportsUndoFlags {
  Uuid id;
  bool yes = false, dry_run = false;
};

const std::vector<Field> kImportFields = {{"import_id", "import"},
                                          {"family", "family"},
                                          {"path", "file"},
                                          {"delivery", "delivery"},
                                          {"map", "map"},
                                          {"rows_stored", "stored", Look::kCount},
                                          {"rows_refused", "refused", Look::kCount},
                                          {"finished", "finished"},
                                          {"begun", "begun (UTC)", Look::kTime},
                                          {"recorded", "last block (UTC)", Look::kTime}};

Value name_or_nothing(const std::string& text) {
  if (text.empty()) return {};
  return text;
}

Row row_of(const ImportRecord& import) {
  return {import.id.to_string(),
          std::string(table_of(import.family).name),
          import.path,
          name_or_nothing(import.delivery),
          name_or_nothing(import.map),
          import.rows_stored,
          import.rows_refused,
          import.finished,
          import.begun,
          import.recorded};
}

/// Nothing when the store does not know it; that is said.
Result<std::optional<ImportRecord>> find_import(Client& client, const Uuid& id) {
  OPTIINFRA_TRY(const auto imports, list_imports(client));
  const auto found =
      std::find_if(imports.begin(), imports.end(), [&](const ImportRecord& each) { return each.id == id; });
  if (found == imports.end()) return std::optional<ImportRecord>{};
  return std::optional<ImportRecord>(*found);
}

std::string unknown_import(const Uuid& id) {
  return "the store knows no import " + id.to_string() + "; `optiinfra imports list` lists them";
}

/// Of an import that a kill left half removed.
std::string half_removed(const ImportRecord& import) {
  return "It is being taken back: some of its rows may be gone. To complete that: optiinfra imports undo " +
         import.id.to_string();
}

Result<ExitCode> run_list(const ImportsListFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const auto imports, list_imports(client));
  Report report{.command = "imports list"};
  Records records{.fields = kImportFields, .rows = {}};
  for (const ImportRecord& import : imports) {
    if (flags.family && import.family != *flags.family) continue;
    records.rows.push_back(row_of(import));
    if (import.is_being_taken_back) report.notes.push_back(import.path + ": " + half_removed(import));
  }
  report.sections.push_back({.key = "imports", .title = {}, .records = std::move(records)});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Section days_section(const std::vector<ImportDay>& days) {
  Records records{.fields = {{"day", "day (UTC)"}, {"rows", "rows", Look::kCount}}, .rows = {}};
  for (const ImportDay& each : days) records.rows.push_back({each.day, each.rows});
  return {.key = "days", .title = {}, .records = std::move(records)};
}

/// "2026-12-01" for "2026-11-30".
std::string day_after(const std::string& day) {
  const auto time = parse_time(day + "T00:00:00Z");
  return time ? format_time(*time + std::chrono::days{1}).substr(0, 10) : day;
}

std::uint64_t rows_in(const std::vector<ImportDay>& days) {
  std::uint64_t rows = 0;
  for (const ImportDay& each : days) rows += each.rows;
  return rows;
}

void add_note_of_gone(const ImportRecord& import, const std::vector<ImportDay>& days, Report& report) {
  if (rows_in(days) >= import.rows_stored) return;
  report.notes.push_back(format_count(import.rows_stored - rows_in(days)) +
                         " of its rows are not in the store any more: they are past their retention, or were "
                         "removed before");
}

Result<ExitCode> run_show(const ImportsShowFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const auto found, find_import(client, flags.id));
  if (!found) return context.not_found(unknown_import(flags.id));
  OPTIINFRA_TRY(const auto days, days_of_import(client, *found));
  Report report{.command = "imports show"};
  report.sections.push_back(object_section("import", kImportFields, row_of(*found)));
  report.sections.push_back(
      object_section("content",
                     {{"content_bytes", "bytes of the file", Look::kCount},
                      {"continues", "rows before are of import"},
                      {"begin", "oldest row (UTC)", Look::kTime},
                      {"end", "newest, until", Look::kTime},
                      {"is_being_taken_back", "being taken back"}},
                     {found->content_bytes == 0 ? Value() : Value(found->content_bytes),
                      found->continues.is_nil() ? Value() : Value(found->continues.to_string()),
                      found->times ? Value(found->times->begin) : Value(),
                      found->times ? Value(found->times->end) : Value(), found->is_being_taken_back}));
  report.sections.push_back(days_section(days));
  if (found->is_being_taken_back)
    report.notes.push_back(half_removed(*found));
  else
    add_note_of_gone(*found, days, report);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> run_undo(const ImportsUndoFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const auto found, find_import(client, flags.id));
  if (!found) return context.not_found(unknown_import(flags.id));
  OPTIINFRA_TRY(const auto days, days_of_import(client, *found));
  Report report{.command = "imports undo"};
  report.sections.push_back(object_section("import", kImportFields, row_of(*found)));
  report.sections.push_back(days_section(days));
  UndoReport undone;
  if (!flags.dry_run) {
    if (!flags.yes)
      OPTIINFRA_CHECK(confirm(context,
                              "this removes " + format_count(rows_in(days)) + " rows of " +
                                  std::string(table_of(found->family).name) + " that came from " +
                                  found->path,
                              "them by day"));
    OPTIINFRA_TRY(undone, undo_imports(client, std::span(&*found, 1)));
  }
  report.sections.push_back(object_section("summary",
                                           {{"is_undone", "undone"},
                                            {"rows_removed", "rows removed", Look::kCount},
                                            {"hours_rebuilt", "rollup hours made again", Look::kCount}},
                                           {!flags.dry_run, undone.rows_removed, undone.hours_rebuilt}));
  add_note_of_gone(*found, days, report);
  if (undone.rows_removed > 0 && (found->family == Family::kCost || found->family == Family::kPerformance))
    report.notes.push_back(
        "Attributed cost of those days still counts the rows, until: optiinfra attribute --from " +
        days.front().day + " --to " + day_after(days.back().day));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe_list(CLI::App& app, ImportsListFlags& flags) {
  add_parsed(
      app, "--family", flags.family,
      [](const std::string& text) -> Result<std::optional<Family>> {
        OPTIINFRA_TRY(const Family family, parse_family(text));
        return std::optional<Family>(family);
      },
      "Only imports of this family", family_type());
}

void describe_show(CLI::App& app, ImportsShowFlags& flags) {
  add_parsed(app, "import", flags.id, &Uuid::parse, "The import, as `imports list` names it", "ID")
      ->required();
}

void describe_undo(CLI::App& app, ImportsUndoFlags& flags) {
  add_parsed(app, "import", flags.id, &Uuid::parse, "The import, as `imports list` names it", "ID")
      ->required();
  app.add_flag("--yes", flags.yes, "Remove without asking; needed when nobody can answer, as in a script");
  app.add_flag("--dry-run", flags.dry_run, "Show the rows by day, and change nothing");
}

}  // namespace

void define_imports(CLI::App& parent, Action& action) {
  CLI::App& imports = *parent.add_subcommand("imports",
                                             "List the imports of the store, show one, and take one back. "
                                             "Those through the API of a service are not "
                                             "among them");
  imports.require_subcommand(1);
  define_command<ImportsListFlags>(imports, action, "list", "List the imports, the latest first",
                                   "  optiinfra imports list\n"
                                   "  optiinfra imports list --family cost --output json",
                                   describe_list, run_list);
  define_command<ImportsShowFlags>(imports, action, "show",
                                   "Show an import: its file, map and delivery, when, and its rows by day",
                                   "  optiinfra imports show ID", describe_show, run_show);
  define_command<ImportsUndoFlags>(
      imports, action, "undo",
      "Remove the rows of an import and make the rollups without them. Stopped anywhere, the same command "
      "completes it; the file can be imported again",
      "  optiinfra imports undo ID --dry-run\n"
      "  optiinfra imports undo ID --yes",
      describe_undo, run_undo);
}

}  // namespace optiinfra::cli
