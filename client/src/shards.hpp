/// The ways to a store's rows: one to a store on one machine, one to each shard of a cluster.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/store/cluster.hpp"
#include "session_pool.hpp"

namespace optiinfra {

/// Where inserts of one part of the store go.
struct InsertRoute {
  std::string name = {};    ///< "shard 2 of fleet (db2:9000)"; empty for a store on one machine.
  std::uint32_t shard = 0;  ///< As in system.clusters; 0 for a store on one machine.
  SessionPool* pool = nullptr;
  std::vector<NamedValue> settings = {};  ///< In addition to those of every insert.
};

/// Threads: any.
class Shards {
 public:
  /// `entry` are the sessions of the URL itself; they must live longer. Opens nothing.
  ///
  /// Shards are reached over the native protocol, whose ports the servers know of each other. Over HTTP
  /// they are not known, so inserts go through the URL's host, which hands each block to the shard we name
  /// and answers when it is stored there, under the same token.
  static Result<std::unique_ptr<Shards>> make(const StoreUrl& url, store::ClusterStore store,
                                              SessionPool& entry, const store::OpenStore& open_store);

  const store::Cluster& cluster() const noexcept { return store_.cluster; }
  const Placement& placement() const noexcept { return placement_; }
  const std::vector<InsertRoute>& routes() const noexcept { return routes_; }

  /// For questions: a shard that cannot have rows of the key asked for is not asked, unless rows may still
  /// lie where an older layout placed them; a shard that is needed and does not answer is an error.
  std::vector<NamedValue> question_settings() const;

  /// Calls `use` with a session of each shard, in order. Errors: kInvalidArgument over HTTP; otherwise the
  /// first, naming its shard.
  Result<void> with_each(const Budget& budget,
                         const std::function<Result<void>(Session&, const store::Shard&)>& use);

  /// The same with the first shard that answers; over HTTP with that of the URL's host.
  Result<void> with_any(const Budget& budget, const std::function<Result<void>(Session&)>& use);

 private:
  Shards(store::ClusterStore store, Placement placement)
      : store_(std::move(store)), placement_(std::move(placement)) {}

  store::ClusterStore store_;
  Placement placement_;
  /// Sessions in the shards' own database: with each shard or, over HTTP, with the URL's host alone.
  std::vector<std::unique_ptr<SessionPool>> pools_;
  std::vector<InsertRoute> routes_;  ///< One per shard.
  bool is_direct_ = true;            ///< Shards are reached themselves; otherwise through the URL's host.
};

/// `error` of a question, said in terms of the cluster where it is one of the cluster's.
Error question_error(Error error, const Shards* shards);

}  // namespace optiinfra
