#include <algorithm>

#include "cluster_layouts.hpp"
#include "migration_steps.hpp"
#include "optiinfra/store/cluster.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// One host of the cluster: a session in the shard's database and one in that of the contract.
struct Host {
  const Shard* shard;
  Endpoint address;
  std::unique_ptr<Session> own, spread;
};

std::string named(const Host& host) {
  return "host " + host.address.host + ":" + std::to_string(host.address.port) + " (shard " +
         std::to_string(host.shard->number) + ")";
}

StoreUrl host_url(const StoreUrl& entry, const Endpoint& host, std::string_view database) {
  StoreUrl url = entry;
  url.hosts = {host};
  url.database = database;
  return url;
}

Result<std::unique_ptr<Session>> connect(const OpenStore& open_store, const StoreUrl& url) {
  OPTIINFRA_TRY(const auto connector, open_store(url));
  return connector->connect();
}

Result<std::vector<Host>> connect_all(const StoreUrl& entry, const Cluster& cluster,
                                      const OpenStore& open_store) {
  std::vector<Host> hosts;
  for (const Shard& shard : cluster.shards) {
    for (const Endpoint& address : shard.replicas) {
      Host& host = hosts.emplace_back(Host{&shard, address, {}, {}});
      auto own = connect(open_store, host_url(entry, address, cluster.shard_database));
      if (!own) return with_context(std::move(own).error(), named(host));
      auto spread = connect(open_store, host_url(entry, address, entry.database));
      if (!spread) return with_context(std::move(spread).error(), named(host));
      host.own = *std::move(own);
      host.spread = *std::move(spread);
    }
  }
  return hosts;
}

/// The engine of a raw table in the session's database, "" when there is none.
Result<std::string> engine_of_raw(Session& session) {
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT engine FROM system.tables WHERE database = "
                                             "{database:String} AND name = {name:String}",
                                      .parameters = {{"database", std::string(session.database())},
                                                     {"name", table_of(Family::kCost).raw_table}}}));
  return rows.empty() ? std::string{} : rows[0][0];
}

/// Refuses a host that holds something which CREATE ... IF NOT EXISTS would leave as it is.
Result<void> expect_fit(Host& host, const Cluster& cluster, const ClusterOptions& options) {
  OPTIINFRA_TRY(const std::string spread, engine_of_raw(*host.spread));
  const std::string database(host.spread->database());
  if (!spread.empty() && spread != "Distributed")
    return Error{ErrorKind::kIncompatible,
                 "database " + database +
                     " holds a store on one machine; name another database in the URL, "
                     "and move the rows into it with: optiinfra copy --from ... --to ..."};
  OPTIINFRA_TRY(const std::string own, engine_of_raw(*host.own));
  if (!own.empty() && own.starts_with("Replicated") != options.is_replicated)
    return Error{ErrorKind::kIncompatible, cluster.shard_database + " was made " +
                                               (options.is_replicated ? "with" : "without") +
                                               " --no-replication; make the same choice again"};
  OPTIINFRA_TRY(const std::uint32_t version, schema_version_of_store(*host.own));
  if (version <= schema_version_of_program()) return {};
  return Error{ErrorKind::kIncompatible,
               "the store has schema version " + std::to_string(version) + "; use a newer optiinfra"};
}

Result<void> expect_possible(const StoreUrl& entry, const Cluster& cluster, const ClusterOptions& options) {
  for (const Shard& shard : cluster.shards) {
    if (options.is_replicated || shard.replicas.size() == 1) continue;
    return invalid_argument(description(cluster, shard) + " has " + std::to_string(shard.replicas.size()) +
                            " replicas, which only replicated tables keep equal; leave --no-replication out");
  }
  if (entry.database != cluster.shard_database) return {};
  return invalid_argument("the database must not be that of the shards");
}

Result<void> expect_native(const StoreUrl& entry) {
  if (entry.protocol == Protocol::kNative || entry.protocol == Protocol::kNativeTls) return {};
  return invalid_argument(
      "a cluster is set up over the native protocol, whose ports the servers know of each other; "
      "write clickhouse://host:9000/database (clickhouses:// for TLS)");
}

/// Whether the cluster runs statements on all of its hosts; creates the shards' database where it does.
Result<bool> has_on_cluster(Session& session, const Cluster& cluster) {
  // 392 as our own server refuses, 139 and 225 as a server without Keeper does.
  constexpr int kRefusals[] = {392, 139, 225};
  auto created = session.execute({.sql = "CREATE DATABASE IF NOT EXISTS " + cluster.shard_database +
                                         " ON CLUSTER `" + cluster.name + "`",
                                  .timeout = std::chrono::minutes{4}});
  if (created) return true;
  const int code = created.error().server_code;
  if (std::find(std::begin(kRefusals), std::end(kRefusals), code) != std::end(kRefusals)) return false;
  return with_context(std::move(created).error(), "ON CLUSTER " + cluster.name);
}

/// Calls `take(host, taken)` on every host, where `taken` is what one host has done for all.
template <typename Take>
Result<void> on_hosts(std::vector<Host>& hosts, bool is_on_cluster, Take&& take) {
  std::set<std::uint32_t> taken;
  for (Host& host : hosts) {
    auto result = take(host, is_on_cluster ? &taken : nullptr);
    if (!result) return with_context(std::move(result).error(), named(host));
  }
  return {};
}

/// Every host remembers every layout: a question may be asked of any of them.
Result<bool> record_layouts(std::vector<Host>& hosts, const Cluster& cluster) {
  std::vector<std::set<std::string>> known;
  std::set<std::string> all = {cluster.layout()};
  for (Host& host : hosts) {
    OPTIINFRA_TRY(known.emplace_back(), read_layouts(*host.spread));
    all.insert(known.back().begin(), known.back().end());
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    for (const std::string& layout : all) {
      if (!known[i].contains(layout)) OPTIINFRA_CHECK(record_layout(*hosts[i].spread, layout));
    }
  }
  return all.size() > 1;
}

}  // namespace

Result<ClusterMigration> migrate_cluster(const StoreUrl& entry, const ClusterOptions& options,
                                         const OpenStore& open_store) {
  const OpenStore open =
      open_store ? open_store : [](const StoreUrl& url) { return make_connector(url, IfAbsent::kCreate); };
  OPTIINFRA_CHECK(expect_native(entry));
  ClusterMigration report{.cluster = {}, .is_replicated = options.is_replicated, .hosts = {}};
  OPTIINFRA_TRY(const auto session, connect(open, entry));
  OPTIINFRA_TRY(report.cluster, read_cluster(*session, options.name));
  const Cluster& cluster = report.cluster;
  OPTIINFRA_CHECK(expect_possible(entry, cluster, options));
  OPTIINFRA_CHECK(cluster.placement());
  OPTIINFRA_TRY(std::vector<Host> hosts, connect_all(entry, cluster, open));
  for (Host& host : hosts) {
    if (auto fit = expect_fit(host, cluster, options); !fit)
      return with_context(std::move(fit).error(), named(host));
  }

  OPTIINFRA_TRY(report.is_on_cluster, has_on_cluster(*session, cluster));
  const std::string on_cluster = report.is_on_cluster ? cluster.name : "";
  const auto own = store_steps(cluster.shard_database, {options.is_replicated, on_cluster});
  OPTIINFRA_CHECK(on_hosts(hosts, report.is_on_cluster, [&](Host& host, auto* taken) -> Result<void> {
    OPTIINFRA_TRY(MigrationReport migration, take_steps(*host.own, own, taken));
    report.hosts.push_back({host.shard->number, host.address, std::move(migration)});
    return {};
  }));
  const auto spread = distributed_steps(entry.database, {cluster.name, cluster.shard_database, on_cluster});
  if (report.is_on_cluster)
    OPTIINFRA_CHECK(session->execute(
        {.sql = "CREATE DATABASE IF NOT EXISTS " + entry.database + " ON CLUSTER `" + cluster.name + "`"}));
  OPTIINFRA_CHECK(on_hosts(hosts, report.is_on_cluster, [&](Host& host, auto* taken) {
    return done(take_steps(*host.spread, spread, taken));
  }));
  OPTIINFRA_TRY(report.was_resized, record_layouts(hosts, cluster));
  return report;
}

}  // namespace optiinfra::store
