#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "damage_warnings.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/cluster.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::cli {
namespace {

Row object_row(const store::Retention& retention) {
  const TableDefinition& table = table_of(retention.family);
  const bool is_raw = retention.tier == store::Tier::kRaw;
  return {std::string(is_raw ? table.raw_table : table.view),
          std::string(is_raw ? "raw table" : "materialized view"),
          is_raw ? std::string{} : std::string(table.rollup_table),
          std::uint64_t(retention.effective.count())};
}

Section objects_section(const std::vector<store::Retention>& retention) {
  Records records{.fields = {{"name", "object"},
                             {"kind", "kind"},
                             {"target", "writes to"},
                             {"retention_days", "kept, days", Look::kCount}},
                  .rows = {}};
  for (const store::Retention& each : retention) records.rows.push_back(object_row(each));
  return {.key = "objects", .title = {}, .records = std::move(records)};
}

std::string verdict(const store::MigrationReport& migration) {
  if (migration.applied.empty()) return migration.restored.empty() ? "was current" : "restored";
  return migration.version_before == 0 ? "created" : "brought up to date";
}

/// Before schema version 5 a value that nobody had measured was stored as 0.
void note_old_zeros(const store::MigrationReport& migration, Report& report) {
  constexpr std::uint32_t kAbsentValues = 5;
  if (migration.version_before == 0 || migration.version_before >= kAbsentValues) return;
  report.notes.push_back(
      "Values can be absent now. Rows stored before keep the 0 that stood for an unknown value; they count "
      "as "
      "measured, as they did.");
}

struct InitFlags {
  std::string cluster;
  bool no_replication = false;
};

/// What a store of any kind shows when it has been made.
Report make_report(const std::vector<store::Retention>& retention, Row store) {
  Report report{.command = "init"};
  report.sections.push_back(objects_section(retention));
  report.sections.push_back(object_section("store",
                                           {{"url", "store"},
                                            {"state", "state"},
                                            {"schema_version", "schema"},
                                            {"expired_days_removed", "expired days removed", Look::kCount}},
                                           std::move(store)));
  return report;
}

Section restored_section(const std::vector<std::string>& restored) {
  Records records{.fields = {{"restored", "restored"}}, .rows = {}};
  for (const std::string& each : restored) records.rows.push_back({each});
  return {.key = "restored", .title = "Restored", .records = std::move(records)};
}

Section hosts_section(const store::ClusterMigration& migration) {
  Records records{.fields = {{"shard", "shard", Look::kCount}, {"host", "host"}, {"state", "state"}},
                  .rows = {}};
  for (const store::HostMigration& each : migration.hosts)
    records.rows.push_back({std::uint64_t{each.shard}, each.host.host + ":" + std::to_string(each.host.port),
                            verdict(each.migration)});
  return {.key = "hosts", .title = "Hosts of " + migration.cluster.name, .records = std::move(records)};
}

std::string verdict(const store::ClusterMigration& migration) {
  for (const store::HostMigration& each : migration.hosts) {
    if (!each.migration.applied.empty()) return verdict(each.migration);
  }
  return "was current";
}

Result<Report> init_one(const StoreUrl& url, const Context& context) {
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kCreate));
  OPTIINFRA_TRY(const auto session, connector->connect());
  warn_of_damage(context, *session);
  OPTIINFRA_TRY(const store::MigrationReport migration, store::migrate(*session));
  OPTIINFRA_TRY(const auto expired, store::drop_expired(*session, now()));
  OPTIINFRA_TRY(const auto retention, store::read_retention(*session));
  Report report =
      make_report(retention, {connector->description(), verdict(migration),
                              std::uint64_t{migration.version_after}, std::uint64_t{expired.size()}});
  note_old_zeros(migration, report);
  if (!migration.restored.empty() || context.output != OutputFormat::kTable)
    report.sections.push_back(restored_section(migration.restored));
  return report;
}

Result<Report> init_cluster(const StoreUrl& url, const store::ClusterOptions& options) {
  OPTIINFRA_TRY(const store::ClusterMigration migration, store::migrate_cluster(url, options));
  OPTIINFRA_TRY(Client client, Client::open(url));
  std::vector<store::Retention> retention;
  std::uint64_t expired = 0;
  OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const auto removed, store::drop_expired(session, now()));
    OPTIINFRA_TRY(retention, store::read_retention(session));
    expired += removed.size();
    return {};
  }));
  Report report = make_report(retention, {url.description(), verdict(migration),
                                          std::uint64_t{store::schema_version_of_program()}, expired});
  report.sections.push_back(hosts_section(migration));
  if (!migration.hosts.empty()) note_old_zeros(migration.hosts.front().migration, report);
  report.notes.push_back(migration.is_on_cluster ? "Made through the cluster's Keeper (ON CLUSTER)."
                                                 : "Made host by host: the cluster runs no statements on all "
                                                   "hosts (ON CLUSTER).");
  if (migration.was_resized)
    report.notes.push_back(
        "The cluster has been resized: rows stay where they were placed, so every question asks every "
        "shard.");
  return report;
}

/// The cluster that the flags name, or over which the store is spread already.
Result<std::optional<store::ClusterOptions>> cluster_of(const InitFlags& flags, const StoreUrl& url) {
  if (!flags.cluster.empty())
    return std::optional(store::ClusterOptions{flags.cluster, !flags.no_replication});
  if (url.protocol == Protocol::kEmbedded) return std::optional<store::ClusterOptions>{};
  OPTIINFRA_TRY(const auto connector, make_connector(url, IfAbsent::kCreate));
  OPTIINFRA_TRY(const auto session, connector->connect());
  OPTIINFRA_TRY(const auto store, store::find_cluster_store(*session));
  if (!store) return std::optional<store::ClusterOptions>{};
  OPTIINFRA_TRY(store::ClusterOptions options, store::options_of(*session, store->cluster));
  return std::optional(std::move(options));
}

Result<ExitCode> run(const InitFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(const auto cluster, cluster_of(flags, url));
  OPTIINFRA_TRY(Report report, cluster ? init_cluster(url, *cluster) : init_one(url, context));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, InitFlags& flags) {
  auto* const cluster =
      app.add_option("--cluster", flags.cluster,
                     "Spread the store over this cluster of the server's configuration (docs/cluster.md)")
          ->type_name("NAME");
  app.add_flag("--no-replication", flags.no_replication,
               "Plain tables on each host, for shards of one host and servers without a Keeper")
      ->needs(cluster);
}

}  // namespace

void define_init(CLI::App& parent, Action& action) {
  define_command<InitFlags>(
      parent, action, "init",
      "Create the store, or bring it up to this program's schema; may run any number of times",
      "  optiinfra init\n"
      "  optiinfra init --url embedded:/srv/metrics\n"
      "  optiinfra init --url clickhouse://node1:9000 --cluster fleet",
      describe, run);
}

}  // namespace optiinfra::cli
