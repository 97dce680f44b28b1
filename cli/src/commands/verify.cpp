#include "optiinfra/store/verify.hpp"

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/schema/tables.hpp"
#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

struct VerifyFlags {
  bool json = false;
  bool repair = false;
};

Value compression_of(const ObjectReport& object) {
  if (object.bytes_on_disk == 0) return {};
  return static_cast<double>(object.bytes_uncompressed) / static_cast<double>(object.bytes_on_disk);
}

Value bytes_per_row_of(const ObjectReport& object) {
  if (object.rows == 0) return {};
  return static_cast<double>(object.bytes_on_disk) / static_cast<double>(object.rows);
}

Section objects_section(const VerifyReport& verified) {
  Records records{.fields = {{"name", "object"},
                             {"kind", "kind"},
                             {"exists", "exists"},
                             {"rows", "rows", Look::kCount},
                             {"parts", "parts", Look::kCount},
                             {"bytes_on_disk", "on disk", Look::kBytes},
                             {"bytes_uncompressed", "uncompressed", Look::kBytes},
                             {"compression", "ratio", Look::kDecimal, 1},
                             {"bytes_per_row", "bytes/row", Look::kDecimal, 1}},
                  .rows = {}};
  for (const ObjectReport& each : verified.objects)
    records.rows.push_back({each.name, each.kind, each.exists, each.rows, each.parts, each.bytes_on_disk,
                            each.bytes_uncompressed, compression_of(each), bytes_per_row_of(each)});
  return {.key = "objects", .title = {}, .records = std::move(records)};
}

Section retention_section(const VerifyReport& verified) {
  Records records{.fields = {{"table", "table"},
                             {"configured_days", "configured, days", Look::kCount},
                             {"effective_days", "in the engine, days", Look::kCount},
                             {"agrees", "agrees"}},
                  .rows = {}};
  for (const Retention& each : verified.retention)
    records.rows.push_back({each.table, std::uint64_t(each.configured.count()),
                            std::uint64_t(each.effective.count()), each.agrees()});
  return {.key = "retention", .title = "Retention", .records = std::move(records)};
}

Section faults_section(const VerifyReport& verified) {
  Records records{.fields = {{"fault", "schema fault"}}, .rows = {}};
  for (const std::string& fault : verified.schema_faults) records.rows.push_back({fault});
  return {.key = "schema_faults", .title = "Schema faults", .records = std::move(records)};
}

Section differences_section(const VerifyReport& verified) {
  Records records{.fields = {{"family", "family"},
                             {"hour", "hour (UTC)", Look::kTime},
                             {"measure", "measure"},
                             {"raw", "from raw rows", Look::kDecimal, 4},
                             {"rollup", "in the rollup", Look::kDecimal, 4},
                             {"key", "key"}},
                  .rows = {}};
  for (const HourDifference& each : verified.differences)
    records.rows.push_back(
        {std::string(table_of(each.family).name), each.hour, each.measure, each.raw, each.rollup, each.key});
  return {.key = "differences", .title = "Hours that differ", .records = std::move(records)};
}

Section rebuilt_section(const VerifyReport& verified) {
  Records records{.fields = {{"family", "family"},
                             {"hour", "hour (UTC)", Look::kTime},
                             {"rows_before", "rows counted before", Look::kCount},
                             {"rows_after", "raw rows", Look::kCount},
                             {"key", "key"}},
                  .rows = {}};
  for (const RebuiltHour& each : verified.repair.rebuilt)
    records.rows.push_back(
        {std::string(table_of(each.family).name), each.hour, each.rows_before, each.rows_after, each.key});
  return {.key = "rebuilt", .title = "Hours rebuilt from raw rows", .records = std::move(records)};
}

Section summary_section(const VerifyReport& verified) {
  return object_section("summary",
                        {{"ok", "all agrees"},
                         {"hours_compared", "rollup hours compared", Look::kCount},
                         {"hours_past_retention", "past the raw rows' retention", Look::kCount},
                         {"hours_rebuilt", "rebuilt", Look::kCount},
                         {"hours_differing", "that differ", Look::kCount}},
                        {verified.ok(), verified.hours_compared, verified.hours_past_retention,
                         verified.repair.hours_rebuilt, verified.hours_differing});
}

/// Tables leave out what is fine and long; JSON has everything always.
Report make_report(const VerifyReport& verified, bool everything) {
  Report report{.command = "verify"};
  report.sections.push_back(objects_section(verified));
  report.sections.push_back(retention_section(verified));
  if (everything || !verified.schema_faults.empty()) report.sections.push_back(faults_section(verified));
  if (everything || !verified.differences.empty()) report.sections.push_back(differences_section(verified));
  if (everything || !verified.repair.rebuilt.empty()) report.sections.push_back(rebuilt_section(verified));
  report.sections.push_back(summary_section(verified));
  return report;
}

Result<VerifyReport> verify_store(const Context& context, Mend mend) {
  OPTIINFRA_TRY(Client client, context.open(false));
  VerifyReport verified;
  OPTIINFRA_CHECK(client.with_session([&](Transport& transport) -> Result<void> {
    OPTIINFRA_TRY(verified, verify(transport, mend));
    return {};
  }));
  return verified;
}

Result<ExitCode> run(const VerifyFlags& flags, Context& context) {
  if (flags.json) context.output = OutputFormat::kJson;
  const Stopwatch watch;
  OPTIINFRA_TRY(const VerifyReport verified,
                verify_store(context, flags.repair ? Mend::kRollups : Mend::kNothing));
  Report report = make_report(verified, context.output == OutputFormat::kJson);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return verified.ok() ? ExitCode::kDone : ExitCode::kDifference;
}

void describe(CLI::App& app, VerifyFlags& flags) {
  app.add_flag("--repair", flags.repair,
               "Rebuild the rollup hours that differ, from raw rows, and say which. Safe while writes go on; "
               "hours whose raw rows may have expired are left alone");
  app.add_flag("--json", flags.json, "The same as --output json");
}

}  // namespace

void define_verify(CLI::App& parent, Action& action) {
  define_command<VerifyFlags>(
      parent, action, "verify",
      "Check the store: its objects, its retention, and every rollup hour against the raw rows. "
      "Exit code 4 when something differs",
      "  optiinfra verify\n"
      "  optiinfra verify --repair\n"
      "  optiinfra verify --json | jq .data.summary",
      describe, run);
}

}  // namespace optiinfra::cli
