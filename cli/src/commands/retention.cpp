#include "optiinfra/store/retention.hpp"

#include <optional>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/retention_preview.hpp"
#include "flags.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

struct SetFlags {
  Family family{};
  store::Tier tier{};
  std::chrono::days keep{};
  bool yes = false, dry_run = false;
};

Result<store::Tier> parse_tier(const std::string& text) {
  if (text == "raw") return store::Tier::kRaw;
  if (text == "rollup") return store::Tier::kRollup;
  return invalid_argument("'" + text + "' is not one of raw, rollup");
}

Section retention_section(const std::vector<store::Retention>& retention) {
  Records records{.fields = {{"family", "family"},
                             {"tier", "tier"},
                             {"table", "table"},
                             {"configured_days", "configured, days", Look::kCount},
                             {"effective_days", "in the engine, days", Look::kCount},
                             {"agrees", "agrees"}},
                  .rows = {}};
  for (const store::Retention& each : retention)
    records.rows.push_back({std::string(table_of(each.family).name),
                            std::string(each.tier == store::Tier::kRaw ? "raw" : "rollup"), each.table,
                            std::uint64_t(each.configured.count()), std::uint64_t(each.effective.count()),
                            each.agrees()});
  return {.key = "retention", .title = {}, .records = std::move(records)};
}

Section removed_section(const std::vector<store::ExpiredPartition>& removed, std::string key = "removed",
                        std::string title = "Removed") {
  Records records{.fields = {{"table", "table"}, {"day", "day"}, {"rows", "rows", Look::kCount}}, .rows = {}};
  for (const store::ExpiredPartition& each : removed)
    records.rows.push_back({each.table, each.partition, each.rows});
  return {.key = std::move(key), .title = std::move(title), .records = std::move(records)};
}

/// `sections` of every part of the store, one section for each kind.
struct PartSections {
  Section retention, removed;

  void add_retention(std::uint32_t shard, Section section) { add(retention, shard, std::move(section)); }
  void add_removed(std::uint32_t shard, Section section) { add(removed, shard, std::move(section)); }

 private:
  static void add(Section& to, std::uint32_t shard, Section section) {
    if (shard == 0) {
      to = std::move(section);
    } else {
      append_of_shard(to, shard, std::move(section));
    }
  }
};

/// Where the engine keeps another retention than asked for.
std::optional<Error> disagreement(const std::vector<store::Retention>& retention, std::uint32_t shard) {
  for (const store::Retention& each : retention) {
    if (each.agrees()) continue;
    const std::string days = std::to_string(each.configured.count());
    return Error{ErrorKind::kCorrupt,
                 each.table + (shard == 0 ? "" : " of shard " + std::to_string(shard)) +
                     " is configured to keep " + days + " days, but its table says " +
                     std::to_string(each.effective.count()) + "; repair it with: optiinfra retention set " +
                     table_of(each.family).name + (each.tier == store::Tier::kRaw ? " raw " : " rollup ") +
                     days + "d"};
  }
  return std::nullopt;
}

/// Opens the store, runs `prepare`, and with each part of it runs `change`, which returns what it removed,
/// and reads the retention. Prints both, and says so in the exit code when an engine keeps another than asked
/// for.
template <typename Prepare, typename Change>
Result<ExitCode> change_and_show(Context& context, Report report, bool frees, Prepare prepare,
                                 Change change) {
  const Stopwatch watch;
  PartSections sections;
  std::optional<Error> disagreed;
  {
    OPTIINFRA_TRY(Client client, frees ? context.open_to_free_space() : context.open(false));
    OPTIINFRA_CHECK(prepare(client));
    OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t shard) -> Result<void> {
      OPTIINFRA_TRY(const std::vector<store::ExpiredPartition> removed, change(session));
      OPTIINFRA_TRY(const auto retention, store::read_retention(session));
      sections.add_removed(shard, removed_section(removed));
      sections.add_retention(shard, retention_section(retention));
      if (!disagreed) disagreed = disagreement(retention, shard);
      return {};
    }));
  }
  report.sections.push_back(std::move(sections.retention));
  if (frees) report.sections.push_back(std::move(sections.removed));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  if (disagreed) return *std::move(disagreed);
  return ExitCode::kDone;
}

Result<ExitCode> run_show(const NoFlags&, Context& context) {
  return change_and_show(
      context, {.command = "retention show"}, false, [](Client&) { return Result<void>{}; },
      [](Session&) { return Result(std::vector<store::ExpiredPartition>{}); });
}

/// Shows what would be removed, and changes nothing.
Result<ExitCode> run_dry(const SetFlags& flags, Context& context) {
  const Stopwatch watch;
  PartSections sections;
  {
    OPTIINFRA_TRY(Client client, context.open(false));
    OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t shard) -> Result<void> {
      OPTIINFRA_TRY(const auto expired, what_expires(session, flags.family, flags.tier, flags.keep));
      sections.add_removed(shard, removed_section(expired, "would_remove", "Would be removed"));
      return {};
    }));
  }
  Report report{.command = "retention set --dry-run"};
  report.sections.push_back(std::move(sections.removed));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

/// Asks before rows go, of every part of the store at once.
Result<void> confirm(const SetFlags& flags, const Context& context, Client& client) {
  if (flags.yes) return {};
  std::vector<store::ExpiredPartition> expired;
  OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const auto more, what_expires(session, flags.family, flags.tier, flags.keep));
    expired.insert(expired.end(), more.begin(), more.end());
    return {};
  }));
  return confirm_removal(context, expired);
}

Result<ExitCode> run_set(const SetFlags& flags, Context& context) {
  if (flags.dry_run) return run_dry(flags, context);
  return change_and_show(
      context, {.command = "retention set"}, true,
      [&](Client& client) { return confirm(flags, context, client); },
      [&](Session& session) { return store::set_retention(session, flags.family, flags.tier, flags.keep); });
}

Result<ExitCode> run_apply(const NoFlags&, Context& context) {
  const Stopwatch watch;
  PartSections sections;
  {
    OPTIINFRA_TRY(Client client, context.open_to_free_space());
    OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t shard) -> Result<void> {
      OPTIINFRA_TRY(const auto removed, store::drop_expired(session, now()));
      sections.add_removed(shard, removed_section(removed));
      return {};
    }));
  }
  Report report{.command = "retention apply"};
  report.sections.push_back(std::move(sections.removed));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe_set(CLI::App& app, SetFlags& flags) {
  add_parsed(app, "family", flags.family, parse_family, "Which metrics", family_type())->required();
  add_parsed(app, "tier", flags.tier, parse_tier, "The rows themselves, or their hourly rollup", "raw|rollup")
      ->required();
  add_parsed(app, "duration", flags.keep, parse_days, "How long to keep them, in whole days: 14d, 8w",
             "DURATION")
      ->required();
  app.add_flag("--yes", flags.yes,
               "Remove older rows without asking; needed when nobody can answer, as in a script");
  app.add_flag("--dry-run", flags.dry_run, "Show what would be removed, and change nothing");
}

}  // namespace

void define_retention(CLI::App& parent, Action& action) {
  CLI::App* const retention = parent.add_subcommand("retention", "Show or set how long rows are kept");
  retention->require_subcommand(1);
  define_command<NoFlags>(*retention, action, "show",
                          "Show what the store is configured to keep and what its engine really keeps. Exit "
                          "code 1 when they differ",
                          "  optiinfra retention show", describe_nothing, run_show);
  define_command<SetFlags>(
      *retention, action, "set",
      "Set how long a family's rows are kept. Older rows are removed at once, after a confirmation",
      "  optiinfra retention set performance raw 14d\n"
      "  optiinfra retention set performance raw 7d --dry-run\n"
      "  optiinfra retention set cost rollup 1095d --yes",
      describe_set, run_set);
  define_command<NoFlags>(*retention, action, "apply",
                          "Remove expired days now, rather than when a program next writes",
                          "  optiinfra retention apply", describe_nothing, run_apply);
}

}  // namespace optiinfra::cli
