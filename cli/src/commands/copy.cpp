#include "optiinfra/copy/copy.hpp"

#include <fmt/core.h>

#include <optional>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/copy_hours.hpp"
#include "optiinfra/attribution/exchange_rates.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/schema/tables.hpp"
#include "output/progress.hpp"
#include "password_file.hpp"

namespace optiinfra::cli {
namespace {

struct CopyFlags {
  std::string from, to;
  std::vector<std::string> families;
};

Result<StoreUrl> parse_side(const std::string& text, const char* flag) {
  auto url = parse_store_url(text);
  if (!url) return with_context(std::move(url).error(), flag);
  return with_password(*std::move(url));
}

Result<void> expect_one_engine(const StoreUrl& from, const StoreUrl& to) {
  if (from.protocol != Protocol::kEmbedded || to.protocol != Protocol::kEmbedded) return {};
  return Error{
      ErrorKind::kInvalidArgument,
      "both stores are embedded, and a process holds one folder at a time; serve one of them, as in: "
      "optiinfra server --path " +
          to.folder.string() +
          " --tcp-port 9000, and copy --to "
          "clickhouse://127.0.0.1:9000"};
}

Section families_section(const copy::CopyReport& copied) {
  Records records{.fields = {{"family", "family"},
                             {"days", "days", Look::kCount},
                             {"rows_copied", "rows copied", Look::kCount},
                             {"rows_already_copied", "copied before", Look::kCount},
                             {"rollup_hours_copied", "rollup hours", Look::kCount},
                             {"rollup_hours_already_copied", "copied before", Look::kCount},
                             {"rows_behind", "came meanwhile", Look::kCount},
                             {"raw_from", "raw rows from (UTC)", Look::kTime}},
                  .rows = {}};
  for (const copy::FamilyCopy& each : copied.families)
    records.rows.push_back({std::string(table_of(each.family).name), each.days, each.rows_copied,
                            each.rows_already_copied, each.rollup_hours_copied,
                            each.rollup_hours_already_copied, each.rows_behind, each.raw_from});
  return {.key = "families", .title = {}, .records = std::move(records)};
}

Section differences_section(const copy::CopyReport& copied) {
  Records records{.fields = {{"family", "family"},
                             {"tier", "tier"},
                             {"day", "day"},
                             {"measure", "measure"},
                             {"source", "source", Look::kDecimal, 2},
                             {"target", "target", Look::kDecimal, 2}},
                  .rows = {}};
  for (const copy::CopyDifference& each : copied.differences)
    records.rows.push_back({std::string(table_of(each.family).name),
                            std::string(each.tier == store::Tier::kRaw ? "raw" : "rollup"), each.day,
                            each.measure, each.source, each.target});
  return {.key = "differences", .title = "Days that differ", .records = std::move(records)};
}

Section summary_section(const copy::CopyReport& copied, const attribution::AttributedHoursCopy& hours) {
  return object_section(
      "summary",
      {{"ok", "both sides agree"},
       {"days_compared", "days compared", Look::kCount},
       {"days_differing", "that differ", Look::kCount},
       {"rollup_hours_verified", "rollup hours verified at the target", Look::kCount},
       {"rollup_hours_differing", "that differ", Look::kCount},
       {"names_copied", "records of names copied", Look::kCount},
       {"attributed_hours_copied", "attributed hours copied", Look::kCount},
       {"attributed_hours_already_there", "that were there already", Look::kCount},
       {"attributed_hours_of_target", "that the target made from other rows", Look::kCount}},
      {copied.ok(), copied.days_compared, copied.days_differing, copied.rollup_hours_verified,
       copied.rollup_hours_differing, copied.names_copied, hours.copied, hours.already_there,
       hours.of_target});
}

Report make_report(const copy::CopyReport& copied, const attribution::AttributedHoursCopy& hours,
                   bool everything) {
  Report report{.command = "copy"};
  report.sections.push_back(families_section(copied));
  if (everything || !copied.differences.empty()) report.sections.push_back(differences_section(copied));
  report.sections.push_back(summary_section(copied, hours));
  std::uint64_t behind = 0;
  for (const copy::FamilyCopy& each : copied.families) behind += each.rows_behind;
  if (behind > 0)
    report.notes.push_back(
        fmt::format("The source received {} rows meanwhile; the same command again copies them.", behind));
  return report;
}

Result<copy::CopyReport> copy_with_progress(Client& source, Client& target, const CopyFlags& flags,
                                            const Context& context) {
  copy::CopyOptions options;
  for (const std::string& name : flags.families) {
    OPTIINFRA_TRY(const Family family, parse_family(name));
    options.families.push_back(family);
  }
  std::optional<Progress> progress;
  std::optional<Family> shown;
  options.on_progress = [&](const copy::CopyProgress& at) {
    if (shown != at.family)
      progress.emplace(table_of(at.family).name, "rows", at.rows_total, context.quiet,
                       context.console_terminal);
    shown = at.family;
    progress->set(at.rows_done, at.rows_total);
    if (InterruptGuard::is_requested()) throw Interrupted{};
  };
  return copy::copy_store(source, target, options);
}

Result<Client> open_side(const StoreUrl& url, const char* flag) {
  auto client = Client::open(url);
  if (!client) return with_context(std::move(client).error(), flag);
  return client;
}

Result<ExitCode> run(const CopyFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const StoreUrl from, parse_side(flags.from, "--from"));
  OPTIINFRA_TRY(const StoreUrl to, parse_side(flags.to, "--to"));
  OPTIINFRA_CHECK(expect_one_engine(from, to));
  const InterruptGuard guard;
  OPTIINFRA_TRY(Client source, open_side(from, "--from"));
  OPTIINFRA_TRY(Client target, open_side(to, "--to"));
  try {
    OPTIINFRA_TRY(const copy::CopyReport copied, copy_with_progress(source, target, flags, context));
    // They rest on all families.
    attribution::AttributedHoursCopy hours;
    if (flags.families.empty()) {
      // First: the target would make estimated hours again without their prices.
      OPTIINFRA_TRY([[maybe_unused]] const std::size_t prices, attribution::copy_prices(source, target));
      OPTIINFRA_TRY([[maybe_unused]] const std::size_t budgets, attribution::copy_budgets(source, target));
      OPTIINFRA_TRY([[maybe_unused]] const std::size_t objectives,
                    attribution::copy_objectives(source, target));
      OPTIINFRA_TRY([[maybe_unused]] const std::size_t rates,
                    attribution::copy_exchange_rates(source, target));
      OPTIINFRA_TRY(hours, attribution::copy_attributed_hours(
                               source, target, [](sys_seconds) { return !InterruptGuard::is_requested(); }));
      if (InterruptGuard::is_requested()) throw Interrupted{};
    }
    Report report = make_report(copied, hours, context.output == OutputFormat::kJson);
    report.elapsed = watch.elapsed();
    OPTIINFRA_CHECK(context.answer(report));
    return copied.ok() ? ExitCode::kDone : ExitCode::kDifference;
  } catch (const Interrupted&) {
    context.remark(
        "stopped after the block in flight; the same command again copies the rest, each row once");
    return ExitCode::kInterrupted;
  }
}

void describe(CLI::App& app, CopyFlags& flags) {
  app.add_option("--from", flags.from, "The store to copy; nothing of it is changed")
      ->type_name("URL")
      ->required();
  app.add_option("--to", flags.to, "The store to copy into, as `optiinfra init` has made it")
      ->type_name("URL")
      ->required();
  app.add_option("families", flags.families, "Which metrics; all when none is named")
      ->type_name(family_type())
      ->check([](const std::string& name) {
        auto family = parse_family(name);
        return family ? std::string{} : family.error().message;
      });
}

}  // namespace

void define_copy(CLI::App& parent, Action& action) {
  define_command<CopyFlags>(
      parent, action, "copy",
      "Copy a store into another one - embedded to server, server to cluster, and every other pair - each "
      "row "
      "once, and compare both sides. The same command again finishes what was stopped, and copies what "
      "arrived since. Exit code 4 when the sides differ",
      "  optiinfra copy --from embedded:/srv/metrics --to clickhouse://db1:9000\n"
      "  optiinfra copy --from clickhouse://db1:9000 --to clickhouse://node1:9000/fleet performance quality",
      describe, run);
}

}  // namespace optiinfra::cli
