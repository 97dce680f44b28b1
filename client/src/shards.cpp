#include "shards.hpp"

namespace optiinfra {
namespace {

bool is_native(const StoreUrl& url) {
  return url.protocol == Protocol::kNative || url.protocol == Protocol::kNativeTls;
}

InsertRoute through_entry(const store::Cluster& cluster, std::size_t index, SessionPool& entry) {
  const store::Shard& shard = cluster.shards[index];
  return {description(cluster, shard),
          shard.number,
          &entry,
          {{"insert_shard_id", std::to_string(index + 1)}, {"distributed_foreground_insert", "1"}}};
}

Result<void> with_pool(SessionPool& pool, const std::string& name, const Budget& budget,
                       const std::function<Result<void>(Session&)>& use) {
  const auto run = [&]() -> Result<void> {
    OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(budget));
    auto used = use(*lease);
    if (!used) lease.settle(used.error());
    return used;
  };
  auto done = run();
  if (!done) return with_context(std::move(done).error(), name);
  return {};
}

}  // namespace

Result<std::unique_ptr<Shards>> Shards::make(const StoreUrl& url, store::ClusterStore store,
                                             SessionPool& entry, const store::OpenStore& open_store) {
  OPTIINFRA_TRY(Placement placement, store.cluster.placement());
  std::unique_ptr<Shards> shards(new Shards(std::move(store), std::move(placement)));
  const store::Cluster& cluster = shards->cluster();
  const auto add_pool = [&](const StoreUrl& to) -> Result<void> {
    OPTIINFRA_TRY(auto connector, open_store(to));
    shards->pools_.push_back(std::make_unique<SessionPool>(std::move(connector)));
    return {};
  };
  for (std::size_t index = 0; index < cluster.shards.size(); ++index) {
    if (!is_native(url)) {
      shards->routes_.push_back(through_entry(cluster, index, entry));
      continue;
    }
    const store::Shard& shard = cluster.shards[index];
    OPTIINFRA_CHECK(add_pool(store::shard_url(url, cluster, shard)));
    shards->routes_.push_back({description(cluster, shard), shard.number, shards->pools_.back().get(), {}});
  }
  shards->is_direct_ = is_native(url);
  if (!shards->is_direct_) {
    StoreUrl own = url;
    own.database = cluster.shard_database;
    OPTIINFRA_CHECK(add_pool(own));
  }
  return shards;
}

std::vector<NamedValue> Shards::question_settings() const {
  return {{"optimize_skip_unused_shards", store_.was_resized ? "0" : "1"}, {"skip_unavailable_shards", "0"}};
}

Result<void> Shards::with_each(const Budget& budget,
                               const std::function<Result<void>(Session&, const store::Shard&)>& use) {
  if (!is_direct_)
    return invalid_argument(
        "this needs each shard of cluster " + cluster().name +
        " itself, and their HTTP ports are not known; write clickhouse://host:9000/database");
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    OPTIINFRA_CHECK(with_pool(*pools_[index], routes_[index].name, budget,
                              [&](Session& session) { return use(session, cluster().shards[index]); }));
  }
  return {};
}

Result<void> Shards::with_any(const Budget& budget, const std::function<Result<void>(Session&)>& use) {
  Result<void> last;
  for (std::size_t index = 0; index < pools_.size(); ++index) {
    last = with_pool(*pools_[index], routes_[index].name, budget, use);
    if (last || last.error().kind != ErrorKind::kUnavailable) break;
  }
  return last;
}

Error question_error(Error error, const Shards* shards) {
  constexpr int kAllConnectionTriesFailed = 279;
  if (shards == nullptr || error.server_code != kAllConnectionTriesFailed) return error;
  error.kind = ErrorKind::kUnavailable;
  return with_context(std::move(error), "a shard of cluster " + shards->cluster().name +
                                            " that may hold rows of the answer does not answer");
}

}  // namespace optiinfra
