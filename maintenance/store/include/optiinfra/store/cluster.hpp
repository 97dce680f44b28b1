/// @file optiinfra/store/cluster.hpp
/// A store that is spread over the shards of a cluster (docs/cluster.md).
///
/// Each shard is a store like that of one machine, in the database `<database>_shard`. The database of
/// the URL holds, on every host of the cluster, tables of the contract's names over all shards, so that
/// a query of them reads the whole store.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/placement.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra::store {

/// Shards of one cluster, and hosts of all of them.
inline constexpr std::size_t kShardsMax = 256;
inline constexpr std::size_t kClusterHostsMax = 1024;

struct Shard {
  std::uint32_t number = 0;             ///< From 1, as the servers count them.
  std::uint32_t weight = 1;             ///< Its share of the rows; 0: it takes none, but is still read.
  std::vector<Endpoint> replicas = {};  ///< As the servers reach each other, with the native protocol's port.
};

struct Cluster {
  std::string name;
  std::string shard_database;
  std::vector<Shard> shards = {};  ///< In the order of the servers' configuration, 1 to kShardsMax.

  Result<Placement> placement() const;

  /// Which shards there are and what share each has: "1:1,2:3". Only this decides where a row is placed.
  std::string layout() const;
};

/// The database that holds each shard's own tables: "optiinfra_shard".
std::string shard_database_of(std::string_view database);

/// The cluster `name` as the server of `session` knows it, to be used for the session's database.
/// Errors: kInvalidArgument that lists the clusters which the server does know.
Result<Cluster> read_cluster(Session& session, std::string_view name);

/// A cluster and what its store remembers of it.
struct ClusterStore {
  Cluster cluster;
  /// Shards were added or changed their shares since the store was made. Rows stay where they were placed, so
  /// every question must ask every shard.
  bool was_resized = false;
};

/// The cluster over which the session's database is spread; nullopt for a store on one machine and for
/// none. Errors: kIncompatible when the tables were placed by another rule than ours, or when the cluster
/// is not the one that the store was made for.
Result<std::optional<ClusterStore>> find_cluster_store(Session& session);

/// The store of one shard: its replicas, reached as `entry` is. `entry` must be of the native protocol.
StoreUrl shard_url(const StoreUrl& entry, const Cluster& cluster, const Shard& shard);

/// "shard 2 of fleet (db3:9000,db4:9000)".
std::string description(const Cluster& cluster, const Shard& shard);

struct HostMigration {
  std::uint32_t shard = 0;
  Endpoint host;
  MigrationReport migration;  ///< Of the shard's own tables.
};

struct ClusterMigration {
  Cluster cluster;
  bool is_replicated = false;
  bool is_on_cluster = false;  ///< Through the cluster's Keeper; otherwise host by host.
  bool was_resized = false;
  std::vector<HostMigration> hosts;
};

struct ClusterOptions {
  std::string name;
  bool is_replicated = true;  ///< ReplicatedMergeTree; false: tables that are not shared between hosts.
};

/// Opens sessions with the store at a URL; make_connector() unless a test says otherwise.
using OpenStore = std::function<Result<std::shared_ptr<Connector>>(const StoreUrl&)>;

/// Makes the store on every host of the cluster, or brings it to this program's schema. Asks all hosts
/// first and changes nothing when one does not answer or refuses; every statement may run twice, so a
/// call after a kill at any point finishes the work. New shards of a cluster that has grown are taken in.
/// Errors: kInvalidArgument for a URL that is not of the native protocol, an unknown cluster, and plain
/// tables where a shard has several replicas; kIncompatible where the database holds something else, such
/// as the store of one machine; those of the host that failed, naming it.
Result<ClusterMigration> migrate_cluster(const StoreUrl& entry, const ClusterOptions& options,
                                         const OpenStore& open_store = {});

/// The options with which the cluster store of `session` was made.
Result<ClusterOptions> options_of(Session& session, const Cluster& cluster);

}  // namespace optiinfra::store
