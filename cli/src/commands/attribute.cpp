#include "optiinfra/attribution/attribute.hpp"

#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "flags.hpp"
#include "interrupt.hpp"

namespace optiinfra::cli {
namespace {

struct AttributeFlags {
  std::optional<sys_seconds> from, to;
  bool json = false;
};

/// Without --from, the last day.
TimeRange range_of(const AttributeFlags& flags) {
  const sys_seconds end = flags.to.value_or(now());
  return {flags.from.value_or(floor_hour(end) - std::chrono::days{1}), end};
}

Result<ExitCode> run(const AttributeFlags& flags, Context& context) {
  if (flags.json) context.output = OutputFormat::kJson;
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  const InterruptGuard interrupt;
  OPTIINFRA_TRY(const attribution::AttributionReport made,
                attribution::attribute(client, range_of(flags),
                                       [&](sys_seconds) { return !InterruptGuard::is_requested(); }));
  Report report{.command = "attribute", .window = made.window};
  report.sections.push_back(
      object_section("summary",
                     {{"hours_made", "hours attributed", Look::kCount},
                      {"hours_remade", "of them again, as their rows changed", Look::kCount},
                      {"hours_current", "hours as they were", Look::kCount},
                      {"hours_past_retention", "past the raw rows' retention", Look::kCount},
                      {"requests", "requests", Look::kCount},
                      {"rows", "rows stored", Look::kCount},
                      {"estimated_charges", "hours of instances at the price book's price", Look::kCount}},
                     {made.hours_made, made.hours_remade, made.hours_current, made.hours_past_retention,
                      made.requests, made.rows, made.estimated_charges}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return InterruptGuard::is_requested() ? ExitCode::kInterrupted : ExitCode::kDone;
}

void describe(CLI::App& app, AttributeFlags& flags) {
  add_time(app, "--from", flags.from, "The first hour, included; default a day before the end");
  add_time(app, "--to", flags.to,
           "The end, not included; default now. Hours that have not ended are left out");
  app.add_flag("--json", flags.json, "The same as --output json");
}

}  // namespace

void define_attribute(CLI::App& parent, Action& action) {
  define_command<AttributeFlags>(parent, action, "attribute",
                                 "Split what each instance cost in each hour among the requests that it "
                                 "served, and keep it. Hours whose "
                                 "rows have not changed are left alone",
                                 "  optiinfra attribute --from now-30d\n"
                                 "  optiinfra attribute --from 2026-11-01 --to 2026-12-01 --json",
                                 describe, run);
}

}  // namespace optiinfra::cli
