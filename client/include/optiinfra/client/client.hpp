/// @file optiinfra/client/client.hpp
/// Insert metrics into a store and ask it questions. Most programs start and end here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/answers.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra {

class Block;      // optiinfra/codec/block.hpp
class Connector;  // optiinfra/transport/transport.hpp
class Transport;
struct StoreUrl;  // optiinfra/transport/url.hpp

/// Largest batch that one insert call takes. A larger one is refused, because what the engine stores
/// whole is one block; feed more rows with more calls.
inline constexpr std::size_t kInsertRowsMax = 1'000'000;

/// Sessions that one client opens at most, and so calls that run at the same time; more calls wait.
inline constexpr std::size_t kSessionsMax = 16;

struct ClientOptions {
  /// Create the store and bring its schema up to date. False: an absent or older store is an error.
  bool create = false;
  /// Give up an embedded store's reserve where its disk is full: for a caller that frees space.
  bool use_reserve = false;
  /// Budget for one whole call, waiting for a session included. Must be positive.
  std::chrono::milliseconds call_timeout{60'000};
};

/// What to do with a call that holds rows which break a rule.
enum class OnRefusedRows {
  kStoreNothing,  ///< The call fails and names the first bad value; nothing of it is stored.
  kStoreOthers,   ///< Good rows are stored, bad ones come back in the receipt.
  kDoNotCheck,  ///< All rows are stored as they are: they come from another store, which keeps them already.
};

/// What is known, before an insert, of inserts under its token.
enum class TokenHistory {
  kUnknown,     ///< Any of its rows may be stored: they are looked for. Always right.
  kNeverTried,  ///< No insert was tried: spares the look.
  /// There were more rows under the token, which the caller forgot, and only after all of them were stored,
  /// as a spool does: where the store has any row of the token and a UTC day, it has them all.
  kRowsForgotten,
};

struct InsertOptions {
  OnRefusedRows on_refused_rows = OnRefusedRows::kStoreNothing;
  /// Names the rows of this call across retries, also those of another process: after an error with
  /// Applied::kUnknown, or a crash, repeat the same rows with the same token, and they are stored once, for
  /// as long as the store keeps them. Empty: a token of the call's own, so that retries inside the call are
  /// safe and equal rows of another call count again.
  std::string token = {};
  /// Of `token`; without one it is kNeverTried.
  TokenHistory token_history = TokenHistory::kUnknown;
};

struct InsertReceipt {
  std::size_t rows_stored = 0;
  std::vector<RefusedValue> refused;        ///< With kStoreOthers: the values that broke a rule.
  std::vector<std::uint32_t> refused_rows;  ///< With kStoreOthers: the rows that were left out.
};

/// One store.
///
/// Threads: all methods may be called from several threads at once; each call takes one of at most
///          kSessionsMax sessions. Moving and destroying need the object alone.
/// Errors:  methods return Result and throw only std::bad_alloc and what a callback throws. After an error
///          the client stays usable: a broken session is replaced.
/// Memory:  an insert needs as much again as its batch; up to 256 MiB of that stay for the inserts after it.
/// Process: an embedded store belongs to one process and one Client path at a time; never fork with an open
///          embedded client (exec is fine).
class Client {
 public:
  /// Opens the store at `url` ("embedded:/path/to/folder", "clickhouse://host/optiinfra"; all forms in
  /// optiinfra/transport/url.hpp) and checks its schema version.
  /// Errors: kUnavailable when another process holds it, kIncompatible for a newer store or a folder of
  /// something else, kStorage for a store that is not there or a disk that refuses.
  static Result<Client> open(std::string_view url, ClientOptions options = {});
  static Result<Client> open(const StoreUrl& url, ClientOptions options = {});

  /// The same through a connector that the caller has made, or a transport of its own.
  static Result<Client> open(std::shared_ptr<Connector> connector, ClientOptions options = {});

  /// Lets go of the store. Everything acknowledged is stored already; nothing is completed here.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Whether the store's engine runs in this process.
  bool is_embedded() const;

  /// Closes every session once its call has ended. The next call opens the store again and waits for that.
  /// Call it when an embedded engine refuses inserts after its disk failed: a new start of the engine is the
  /// only cure.
  void reopen();

  /// Whether the store answers. Never throws, never fails otherwise.
  bool ping() noexcept;

  /// @name Inserting
  /// On success every row is stored in the raw table and counted in its rollup. An empty list succeeds
  /// with 0 rows. A bad row gives kInvalidArgument that names row, column, value and rule. On an error
  /// with Applied::kUnknown part of the rows may be stored: see InsertOptions::token.
  /// On a cluster each row goes straight to its shard. A shard that fails does not keep the rows of the
  /// others from being stored; the error then names it, and is Applied::kUnknown.
  /// @{
  Result<InsertReceipt> insert_cost_metrics(std::span<const CostMetric> rows,
                                            const InsertOptions& options = {});
  Result<InsertReceipt> insert_performance_metrics(std::span<const PerformanceMetric> rows,
                                                   const InsertOptions& options = {});
  Result<InsertReceipt> insert_resource_metrics(std::span<const ResourceMetric> rows,
                                                const InsertOptions& options = {});
  Result<InsertReceipt> insert_quality_metrics(std::span<const QualityMetric> rows,
                                               const InsertOptions& options = {});
  Result<InsertReceipt> insert_cost_metrics(const CostBatch& batch, const InsertOptions& options = {});
  Result<InsertReceipt> insert_performance_metrics(const PerformanceBatch& batch,
                                                   const InsertOptions& options = {});
  Result<InsertReceipt> insert_resource_metrics(const ResourceBatch& batch,
                                                const InsertOptions& options = {});
  Result<InsertReceipt> insert_quality_metrics(const QualityBatch& batch, const InsertOptions& options = {});

  /// The same for code that works on all families: client.insert(batch), client.insert(rows).
  template <Metric Row>
  Result<InsertReceipt> insert(const Batch<Row>& batch, const InsertOptions& options = {});
  template <Metric Row>
  Result<InsertReceipt> insert(std::span<const Row> rows, const InsertOptions& options = {});
  template <Metric Row>
  Result<InsertReceipt> insert(const std::vector<Row>& rows, const InsertOptions& options = {}) {
    return insert(std::span<const Row>(rows), options);
  }
  /// @}

  /// Stores rows of a rollup that have no raw rows in this store, as a copy of another store does. `block`
  /// has the rollup's columns, states as their bytes in a String (MeasureDefinition::merged_expression),
  /// and is stored once for one token.
  Result<void> insert_rollup(Family family, const Block& block, std::string_view token);

  /// @name The four questions
  /// Windows are exact: whole hours come from the rollup, partial hours at the edges from raw rows. An
  /// edge whose raw rows are past their retention is widened to the whole hour; every answer's `window`
  /// says what was used. "The last `hours` hours" end with the present second, included.
  /// Errors: kInvalidArgument for an empty or reversed range or hours outside 1 to 87,600.
  /// @{
  Result<CostHours> query_cost_hourly(const Uuid& customer_id, sys_seconds start, sys_seconds end,
                                      const std::optional<std::string>& cloud_provider = std::nullopt);
  Result<PerformanceSummary> query_performance_p95(const Uuid& customer_id, const Uuid& service_id,
                                                   int hours = 24);
  Result<ResourceSummary> query_resource_utilization(const Uuid& customer_id, std::string_view instance_id,
                                                     int hours = 24);
  Result<QualityTrend> query_quality_trends(const Uuid& customer_id, const Uuid& service_id, int hours = 24);
  /// @}

  /// @name The same questions over any range, and what comes next
  /// @{
  Result<PerformanceSummary> query_performance(const Uuid& customer_id, const Uuid& service_id,
                                               TimeRange range);
  Result<ResourceSummary> query_resource(const Uuid& customer_id, std::string_view instance_id,
                                         TimeRange range);
  Result<QualityTrend> query_quality(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                     Bucket bucket = Bucket::kHour);

  /// The models of a service, the busiest first.
  Result<ServiceModels> query_models(const Uuid& customer_id, const Uuid& service_id, TimeRange range);

  /// Series come point by point, in order, with memory for one block only. The callback returns false
  /// to stop early. Buckets without rows are left out. Returns the window that was used. The callback must
  /// not call this client's other methods for long: its session is busy until it returns.
  Result<TimeRange> query_performance_series(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                             Bucket bucket,
                                             const std::function<bool(const PerformancePoint&)>& on_point);
  Result<TimeRange> query_resource_series(const Uuid& customer_id, std::string_view instance_id,
                                          TimeRange range, Bucket bucket,
                                          const std::function<bool(const ResourcePoint&)>& on_point);
  /// Regions and instance types are kept in raw rows only: the window begins where those do.
  /// Errors: kInvalidArgument for a range that ends before them.
  Result<TimeRange> query_cost_series(const Uuid& customer_id, TimeRange range, Bucket bucket,
                                      CostDimension dimension,
                                      const std::function<bool(const CostPoint&)>& on_point);
  /// @}

  /// @name Any question: measures by dimensions (question.hpp, catalogue.hpp)
  /// Windows are used as above. A dimension that only raw rows keep (KnownBy::kRaw) begins where those do.
  /// Errors: kInvalidArgument names what is unknown or out of bounds; kTooLarge when the answer has more than
  /// kAnswerRowsMax rows.
  /// @{
  Result<Answer> query(const Question& question);

  /// The same row by row, with memory for one block only; the answer comes back without rows. The callback
  /// returns false to stop early, and coverage then counts what it was given. It must not call this client's
  /// other methods for long: its session is busy until it returns.
  Result<Answer> query(const Question& question, const std::function<bool(std::span<const Cell>)>& on_row);
  /// @}

  /// Lends one session for statements of the caller's own; it goes back when `use` returns.
  /// On a cluster it is a session with a host of the URL, whose database reads all shards.
  Result<void> with_session(const std::function<Result<void>(Transport&)>& use);

  /// Shards of the cluster that holds the store; 0 for a store on one machine.
  std::size_t shard_count() const noexcept;

  /// How long the engine keeps raw rows; kRetentionMax when its table has no limit. On a cluster one shard
  /// answers for all.
  Result<std::chrono::days> raw_retention(Family family);

  /// Lends a session with each part of the store that holds tables of its own, one after the other: the
  /// store itself, with number 0, or each shard of a cluster, with its number from 1. What concerns tables
  /// rather than rows - retention, verification - is asked here.
  /// Errors: the first that `use` returns or that opening a session gives, naming the shard.
  Result<void> with_each_part(const std::function<Result<void>(Transport&, std::uint32_t shard)>& use);

 private:
  class State;
  explicit Client(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// The process's shared client of the store that the environment names (store_url_of_environment), opened
/// (and created) on first use and kept until the process ends. After a failed open the next call tries again.
/// Threads: any, but let the main thread make the first call: the store is closed in order when that thread
/// ends.
Result<Client*> default_client();

}  // namespace optiinfra
