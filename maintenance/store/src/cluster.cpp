#include "optiinfra/store/cluster.hpp"

#include <algorithm>
#include <charconv>

#include "cluster_layouts.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// A name that is valid in SQL between quotes of any kind.
bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

std::uint32_t parse_number(const std::string& text) {
  std::uint32_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Result<std::string> known_clusters(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session, {.sql = "SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster"}));
  std::string names;
  for (const auto& row : rows) names += (names.empty() ? "" : ", ") + row[0];
  return names.empty() ? "none" : names;
}

Error too_large(std::string_view name) {
  return {ErrorKind::kTooLarge, "cluster '" + std::string(name) + "' has more than " +
                                    std::to_string(kShardsMax) + " shards or " +
                                    std::to_string(kClusterHostsMax) + " hosts"};
}

/// What the engine says of a Distributed table: "Distributed('cluster', 'database', 'table', key)".
struct Spread {
  std::string cluster, database;
  std::string key;
};

/// The text between the next two single quotes of `text`, which begins after them afterwards.
std::string next_quoted(std::string_view& text) {
  const std::size_t open = text.find('\'');
  const std::size_t close = open == std::string_view::npos ? open : text.find('\'', open + 1);
  if (close == std::string_view::npos) return {};
  std::string found(text.substr(open + 1, close - open - 1));
  text.remove_prefix(close + 1);
  return found;
}

Spread parse_spread(std::string_view engine) {
  Spread spread;
  spread.cluster = next_quoted(engine);
  spread.database = next_quoted(engine);
  next_quoted(engine);  // The table, which has the name of the one that is asked about.
  spread.key = engine.starts_with(", ") ? engine.substr(2) : engine;
  return spread;
}

/// How cost_metrics_ts of the session's database is spread; nullopt when it is absent or not spread.
Result<std::optional<Spread>> read_spread(Session& session) {
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT engine_full FROM system.tables WHERE database = "
                                             "{database:String} AND name = {name:String} AND engine = "
                                             "'Distributed'",
                                      .parameters = {{"database", std::string(session.database())},
                                                     {"name", table_of(Family::kCost).raw_table}}}));
  if (rows.empty()) return std::optional<Spread>{};
  return std::optional(parse_spread(rows[0][0]));
}

Error placed_otherwise(std::string_view database, const Spread& spread) {
  return {ErrorKind::kIncompatible,
          "the Distributed tables of " + std::string(database) + " shard by " + spread.key +
              ", and this program by " + placement_expression(Family::kCost) +
              "; make the store with: optiinfra init --cluster " + spread.cluster + ", in another database"};
}

Error laid_out_otherwise(const Cluster& cluster, const std::set<std::string>& known) {
  std::string before;
  for (const std::string& layout : known) before += (before.empty() ? "" : " and ") + layout;
  return {ErrorKind::kIncompatible, "cluster " + cluster.name + " has the shards " + cluster.layout() +
                                        " (number:weight), and the store "
                                        "was made for " +
                                        (before.empty() ? "none yet" : before) +
                                        "; take them in with: optiinfra init --cluster " + cluster.name};
}

std::string host_text(const Endpoint& host) {
  return (host.host.find(':') == std::string::npos ? host.host : "[" + host.host + "]") + ":" +
         std::to_string(host.port);
}

}  // namespace

Result<Placement> Cluster::placement() const {
  std::vector<std::uint32_t> weights;
  for (const Shard& shard : shards) weights.push_back(shard.weight);
  return Placement::of_weights(weights);
}

std::string Cluster::layout() const {
  std::string text;
  for (const Shard& shard : shards) {
    text += (text.empty() ? "" : ",") + std::to_string(shard.number) + ":" + std::to_string(shard.weight);
  }
  return text;
}

std::string shard_database_of(std::string_view database) { return std::string(database) + "_shard"; }

Result<Cluster> read_cluster(Session& session, std::string_view name) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(
          session,
          {.sql = "SELECT toString(shard_num), toString(shard_weight), host_name, toString(port) FROM "
                  "system.clusters WHERE cluster = {name:String} ORDER BY shard_num, replica_num LIMIT " +
                  std::to_string(kClusterHostsMax + 1),
           .parameters = {{"name", std::string(name)}}}));
  if (rows.empty() || !is_plain(name)) {
    OPTIINFRA_TRY(const std::string known, known_clusters(session));
    return invalid_argument("the server knows no cluster '" + std::string(name) +
                            "' with a plain name; it knows " + known +
                            ". Clusters are defined under remote_servers in the server's configuration");
  }
  if (rows.size() > kClusterHostsMax) return too_large(name);
  Cluster cluster{std::string(name), shard_database_of(session.database())};
  for (const auto& row : rows) {
    const std::uint32_t number = parse_number(row[0]);
    if (cluster.shards.empty() || cluster.shards.back().number != number)
      cluster.shards.push_back({number, parse_number(row[1])});
    cluster.shards.back().replicas.push_back({row[2], static_cast<std::uint16_t>(parse_number(row[3]))});
  }
  if (cluster.shards.size() > kShardsMax) return too_large(name);
  for (const Shard& shard : cluster.shards) {
    if (shard.replicas.size() > kHostsMax) return too_large(name);
  }
  return cluster;
}

Result<std::optional<ClusterStore>> find_cluster_store(Session& session) {
  OPTIINFRA_TRY(const auto spread, read_spread(session));
  if (!spread) return std::optional<ClusterStore>{};
  if (!spread->key.starts_with(placement_expression(Family::kCost)))
    return placed_otherwise(session.database(), *spread);
  ClusterStore store;
  OPTIINFRA_TRY(store.cluster, read_cluster(session, spread->cluster));
  store.cluster.shard_database = spread->database;
  OPTIINFRA_TRY(const auto layouts, read_layouts(session));
  if (!layouts.contains(store.cluster.layout())) return laid_out_otherwise(store.cluster, layouts);
  store.was_resized = layouts.size() > 1;
  return std::optional(std::move(store));
}

StoreUrl shard_url(const StoreUrl& entry, const Cluster& cluster, const Shard& shard) {
  StoreUrl url = entry;
  url.hosts = shard.replicas;
  url.database = cluster.shard_database;
  return url;
}

std::string description(const Cluster& cluster, const Shard& shard) {
  std::string text = "shard " + std::to_string(shard.number) + " of " + cluster.name + " (";
  for (const Endpoint& host : shard.replicas)
    text += (&host == shard.replicas.data() ? "" : ",") + host_text(host);
  return text + ")";
}

Result<ClusterOptions> options_of(Session& session, const Cluster& cluster) {
  OPTIINFRA_TRY(const std::uint64_t replicated,
                query_number(session, {.sql = "SELECT toUInt64(count()) FROM system.tables WHERE database = "
                                              "{database:String} AND startsWith(engine, 'Replicated')",
                                       .parameters = {{"database", cluster.shard_database}}}));
  return ClusterOptions{cluster.name, replicated > 0};
}

}  // namespace optiinfra::store
