#include "optiinfra/store/retention.hpp"

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

struct SetFlags {
  Family family{};
  Tier tier{};
  std::chrono::days keep{};
};

Result<Tier> parse_tier(const std::string& text) {
  if (text == "raw") return Tier::kRaw;
  if (text == "rollup") return Tier::kRollup;
  return Error{ErrorKind::kInvalidArgument, "'" + text + "' is not one of raw, rollup"};
}

Section retention_section(const std::vector<Retention>& retention) {
  Records records{.fields = {{"family", "family"},
                             {"tier", "tier"},
                             {"table", "table"},
                             {"configured_days", "configured, days", Look::kCount},
                             {"effective_days", "in the engine, days", Look::kCount},
                             {"agrees", "agrees"}},
                  .rows = {}};
  for (const Retention& each : retention)
    records.rows.push_back({std::string(table_of(each.family).name),
                            std::string(each.tier == Tier::kRaw ? "raw" : "rollup"), each.table,
                            std::uint64_t(each.configured.count()), std::uint64_t(each.effective.count()),
                            each.agrees()});
  return {.key = "retention", .title = {}, .records = std::move(records)};
}

Section removed_section(const std::vector<ExpiredPartition>& removed) {
  Records records{.fields = {{"table", "table"}, {"day", "day removed"}, {"rows", "rows", Look::kCount}},
                  .rows = {}};
  for (const ExpiredPartition& each : removed)
    records.rows.push_back({each.table, each.partition, each.rows});
  return {.key = "removed", .title = "Removed", .records = std::move(records)};
}

/// Prints all eight retentions, and says so in the exit code when the engine keeps another than asked for.
Result<ExitCode> show(Context& context, Transport& transport, const Stopwatch& watch, Report report) {
  OPTIINFRA_TRY(const auto retention, read_retention(transport));
  report.sections.insert(report.sections.begin(), retention_section(retention));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  for (const Retention& each : retention) {
    if (each.agrees()) continue;
    const std::string days = std::to_string(each.configured.count());
    return Error{ErrorKind::kCorrupt,
                 each.table + " is configured to keep " + days + " days, but its table says " +
                     std::to_string(each.effective.count()) + "; mend it with: optiinfra retention set " +
                     table_of(each.family).name + (each.tier == Tier::kRaw ? " raw " : " rollup ") + days +
                     "d"};
  }
  return ExitCode::kDone;
}

/// Opens the store, runs `work` in one session and closes everything.
template <typename Work>
Result<ExitCode> with_store(const Context& context, Work work) {
  OPTIINFRA_TRY(Client client, context.open(false));
  ExitCode code = ExitCode::kDone;
  OPTIINFRA_CHECK(client.with_session([&](Transport& transport) -> Result<void> {
    OPTIINFRA_TRY(code, work(transport));
    return {};
  }));
  return code;
}

Result<ExitCode> run_show(const NoFlags&, Context& context) {
  const Stopwatch watch;
  return with_store(context, [&](Transport& transport) {
    return show(context, transport, watch, {.command = "retention show"});
  });
}

Result<ExitCode> run_set(const SetFlags& flags, Context& context) {
  const Stopwatch watch;
  return with_store(context, [&](Transport& transport) -> Result<ExitCode> {
    OPTIINFRA_TRY(const auto removed, set_retention(transport, flags.family, flags.tier, flags.keep));
    Report report{.command = "retention set"};
    report.sections.push_back(removed_section(removed));
    return show(context, transport, watch, std::move(report));
  });
}

Result<ExitCode> run_apply(const NoFlags&, Context& context) {
  const Stopwatch watch;
  return with_store(context, [&](Transport& transport) -> Result<ExitCode> {
    OPTIINFRA_TRY(const auto removed, drop_expired(transport, now()));
    Report report{.command = "retention apply"};
    report.sections.push_back(removed_section(removed));
    report.elapsed = watch.elapsed();
    OPTIINFRA_CHECK(context.answer(report));
    return ExitCode::kDone;
  });
}

void describe_set(CLI::App& app, SetFlags& flags) {
  add_parsed(app, "family", flags.family, parse_family, "Which metrics", kFamilyType)->required();
  add_parsed(app, "tier", flags.tier, parse_tier, "The rows themselves, or their hourly rollup", "raw|rollup")
      ->required();
  add_parsed(app, "duration", flags.keep, parse_days, "How long to keep them, in whole days: 14d, 8w",
             "DURATION")
      ->required();
}

}  // namespace

void define_retention(CLI::App& parent, Action& action) {
  CLI::App* const retention = parent.add_subcommand("retention", "Show or set how long rows are kept");
  retention->require_subcommand(1);
  define_command<NoFlags>(
      *retention, action, "show",
      "What the store is configured to keep, and what its engine does keep; exit 1 when they differ",
      "  optiinfra retention show", describe_nothing, run_show);
  define_command<SetFlags>(*retention, action, "set",
                           "Set how long a family's rows are kept. What is older goes at once",
                           "  optiinfra retention set performance raw 14d\n"
                           "  optiinfra retention set cost rollup 1095d",
                           describe_set, run_set);
  define_command<NoFlags>(*retention, action, "apply",
                          "Remove expired days now, rather than when a program next writes",
                          "  optiinfra retention apply", describe_nothing, run_apply);
}

}  // namespace optiinfra::cli
