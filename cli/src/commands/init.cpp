#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::cli {
namespace {

Row object_row(const Retention& retention) {
  const TableDefinition& table = table_of(retention.family);
  const bool is_raw = retention.tier == Tier::kRaw;
  return {std::string(is_raw ? table.raw_table : table.view),
          std::string(is_raw ? "raw table" : "materialized view"),
          is_raw ? std::string{} : std::string(table.rollup_table),
          std::uint64_t(retention.effective.count())};
}

Section objects_section(const std::vector<Retention>& retention) {
  Records records{.fields = {{"name", "object"},
                             {"kind", "kind"},
                             {"target", "writes to"},
                             {"retention_days", "kept, days", Look::kCount}},
                  .rows = {}};
  for (const Retention& each : retention) records.rows.push_back(object_row(each));
  return {.key = "objects", .title = {}, .records = std::move(records)};
}

std::string verdict(const MigrationReport& migration) {
  if (migration.applied.empty()) return "was current";
  return migration.version_before == 0 ? "created" : "brought up to date";
}

Result<ExitCode> run(const NoFlags&, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kCreate));
  OPTIINFRA_TRY(const auto transport, connector->connect());
  OPTIINFRA_TRY(const MigrationReport migration, migrate(*transport));
  OPTIINFRA_TRY(const auto expired, drop_expired(*transport, now()));
  OPTIINFRA_TRY(const auto retention, read_retention(*transport));
  Report report{.command = "init"};
  report.sections.push_back(objects_section(retention));
  report.sections.push_back(
      object_section("store",
                     {{"url", "store"},
                      {"state", "state"},
                      {"schema_version", "schema"},
                      {"expired_days_removed", "expired days removed", Look::kCount}},
                     {connector->description(), verdict(migration), std::uint64_t{migration.version_after},
                      std::uint64_t{expired.size()}}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace

void define_init(CLI::App& parent, Action& action) {
  define_command<NoFlags>(
      parent, action, "init",
      "Create the store, or bring it up to this program's schema; may run any number of times",
      "  optiinfra init\n"
      "  optiinfra init --url embedded:/srv/metrics",
      describe_nothing, run);
}

}  // namespace optiinfra::cli
