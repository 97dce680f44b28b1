#include <fmt/core.h>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/fleet_loader.hpp"
#include "commands/fleet_report.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/service/fleet_names.hpp"
#include "output/progress.hpp"

namespace optiinfra::cli {
namespace {

struct GenerateFlags {
  int days = 7;
  std::uint64_t rows = 1'000'000;
  std::uint64_t seed = 1;
  std::optional<sys_seconds> end;

  fleet::FleetOptions options() const {
    return {.seed = seed,
            .days = days,
            .rows = rows,
            .end = end.value_or(floor_hour(now())),
            .columns = fleet::FleetColumns::kAll};
  }
};

Section summary_section(const fleet::FleetOptions& options, const LoadOutcome& outcome) {
  const double seconds = outcome.elapsed.count();
  return object_section(
      "summary",
      {{"rows", "rows generated", Look::kCount},
       {"rows_added", "new in the store", Look::kCount},
       {"seconds", "seconds", Look::kDecimal, 2},
       {"rows_per_second", "rows/s, rollups included", Look::kCount},
       {"seed", "seed"},
       {"days", "days"},
       {"end", "end (UTC)", Look::kTime}},
      {outcome.rows, outcome.rows_added, seconds,
       static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(outcome.rows) / seconds : 0),
       options.seed, std::int64_t{options.days}, options.end});
}

/// What a user would otherwise find out by missing it.
std::vector<std::string> notes_of(const fleet::FleetOptions& options, const LoadOutcome& outcome) {
  std::vector<std::string> notes;
  if (outcome.rows_added < outcome.rows)
    notes.push_back(
        fmt::format("{} rows were in the store already: the same seed, days, rows and --end are stored once.",
                    outcome.rows - outcome.rows_added));
  const auto retention = table_of(Family::kPerformance).raw_retention;
  if (options.days > retention.count())
    notes.push_back(
        fmt::format("Raw requests older than {} days go after a day, unless retention is set otherwise; "
                    "their hourly rollups stay. See: optiinfra retention show",
                    retention.count()));
  return notes;
}

Result<ExitCode> run(const GenerateFlags& flags, Context& context) {
  const Stopwatch watch;
  const fleet::FleetOptions options = flags.options();
  OPTIINFRA_TRY(fleet::Fleet fleet, fleet::Fleet::create(options));
  const InterruptGuard guard;
  OPTIINFRA_TRY(Client client, context.open(true));
  OPTIINFRA_TRY(const LoadOutcome outcome, [&] {
    Progress progress("generating", "rows", options.rows, context.quiet, context.console_terminal);
    return load_fleet(fleet, client, token_prefix(options), [&](std::uint64_t rows) {
      progress.add(rows);
      return !InterruptGuard::is_requested();
    });
  }());
  if (outcome.was_stopped) {
    context.remark(fmt::format(
        "stopped after {} of {} rows; the rest is stored by: optiinfra generate --days {} --rows {} --seed "
        "{} --end {}",
        outcome.rows, options.rows, options.days, options.rows, options.seed, format_time(options.end)));
    return ExitCode::kInterrupted;
  }
  const auto named = service::name_fleet(client, fleet.description());
  if (!named && named.error().kind != ErrorKind::kConflict) return named.error();
  Report report{.command = "generate", .window = fleet.description().range};
  report.sections.push_back(summary_section(options, outcome));
  add_fleet(report, fleet.description(), context.output == OutputFormat::kTable);
  for (std::string& note : notes_of(options, outcome)) report.notes.push_back(std::move(note));
  if (!named)
    report.notes.push_back(
        "The fleet of another seed has the names of these customers; they are shown by id.");
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, GenerateFlags& flags) {
  app.add_option("--days", flags.days, "How many days, up to --end; 1 to 3650")
      ->type_name("N")
      ->check(within(1, fleet::kFleetDaysMax))
      ->capture_default_str();
  add_count(app, "--rows", flags.rows, std::uint64_t{1}, fleet::kFleetRowsMax,
            "How many rows in all, over the families: 10000, 10k, 2M")
      ->default_str(std::to_string(flags.rows));
  app.add_option("--seed", flags.seed, "The seed of the random numbers: another seed gives another fleet")
      ->type_name("N")
      ->capture_default_str();
  add_time(app, "--end", flags.end, "The end of the fleet's time; default the start of this hour");
}

}  // namespace

void define_generate(CLI::App& parent, Action& action) {
  define_command<GenerateFlags>(
      parent, action, "generate",
      "Fill the store with a believable fleet: customers, services, instances, daily rhythm, incidents. "
      "Creates the store when there is none. The same seed, days, rows and end give the same rows, "
      "which are stored once, as long as the engine remembers them (the last 10,000 blocks of a table)",
      "  optiinfra generate\n"
      "  optiinfra generate --days 30 --rows 20000000 --seed 7\n"
      "  optiinfra generate --end 2026-03-08 --output json > fleet.json",
      describe, run);
}

}  // namespace optiinfra::cli
