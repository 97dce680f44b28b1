/// @file optiinfra/client/client.hpp
/// Insert metrics into a store and ask it questions. Most programs start and end here.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/answers.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/log.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra {

class Block;      // optiinfra/codec/block.hpp
class Connector;  // optiinfra/transport/session.hpp
class Session;
struct StoreUrl;  // optiinfra/transport/url.hpp

/// Largest batch that one insert call takes. A larger one is refused, because the engine stores only a single
/// block whole or not at all; insert more rows with more calls.
inline constexpr std::size_t kInsertRowsMax = 1'000'000;

/// Most sessions that one client opens, and so most calls that run at the same time; further calls wait.
inline constexpr std::size_t kSessionsMax = 16;

struct ClientOptions {
  /// Create the store and bring its schema up to date. False: an absent or older store is an error.
  bool create = false;
  /// Give up an embedded store's reserve when its disk is full: for a caller that frees space.
  bool use_reserve = false;
  /// Budget for one whole call, waiting for a session included. Must be positive.
  std::chrono::milliseconds call_timeout{60'000};
  /// Told of attempts that are repeated. Empty: nothing is told.
  LogSink log = {};
};

/// What to do with a call that holds rows which break a rule.
enum class OnRefusedRows {
  kStoreNothing,  ///< The call fails and names the first bad value; nothing of it is stored.
  kStoreOthers,   ///< Good rows are stored, bad ones come back in the receipt.
};

/// How one call runs.
struct CallOptions {
  /// Budget of the whole call, waiting for a session included. nullopt: ClientOptions::call_timeout.
  std::optional<std::chrono::milliseconds> timeout = {};
  /// Ends the call soon after a stop is requested, with kCancelled; a server then ends the statement. The
  /// embedded engine is asked between two blocks of an answer, and not while it works on one. An insert that
  /// was stopped may be stored (Error::applied says so): repeat it with its token.
  std::stop_token stop = {};
};

struct InsertOptions {
  OnRefusedRows on_refused_rows = OnRefusedRows::kStoreNothing;
  /// Names the rows of this call across retries, also those of another process: after an error with
  /// Applied::kUnknown, or a crash, repeat the same rows with the same token, and they are stored once, for
  /// as long as the store keeps them. Empty: the call makes a token of its own, so that its internal retries
  /// are safe, while equal rows of another call count again.
  std::string token = {};
  CallOptions call = {};
};

struct InsertReceipt {
  std::size_t rows_stored = 0;
  std::vector<RefusedValue> refused;        ///< With kStoreOthers: the values that broke a rule.
  std::vector<std::uint32_t> refused_rows;  ///< With kStoreOthers: the rows that were left out.
  /// Of the statements that stored the rows, one a day and shard, as in a server's system.query_log. None of
  /// the embedded engine, nor of rows that an earlier call had stored.
  std::vector<std::string> query_ids = {};
};

/// One store.
///
/// Threads: all methods may be called from several threads at once; each call takes one of at most
///          kSessionsMax sessions. No other call may run while the object is moved or destroyed.
/// Errors:  methods return Result and throw only std::bad_alloc and what a callback throws. After an error
///          the client stays usable: a broken session is replaced.
/// Memory:  an insert needs as much memory again as its batch; up to 256 MiB of it are kept for later
/// inserts. Process: an embedded store belongs to one process and one Client path at a time; never fork with
/// an open
///          embedded client (exec is fine).
class Client {
 public:
  /// Opens the store at `url` ("embedded:/path/to/folder", "clickhouse://host/optiinfra"; all forms in
  /// optiinfra/transport/url.hpp) and checks its schema version.
  /// Errors: kUnavailable when another process holds it, kIncompatible for a newer store or a folder that is
  /// not a store, kStorage when there is no store or the disk fails.
  static Result<Client> open(std::string_view url, ClientOptions options = {});
  static Result<Client> open(const StoreUrl& url, ClientOptions options = {});

  /// The same through a connector that the caller has made, possibly to a transport of its own.
  static Result<Client> open(std::shared_ptr<Connector> connector, ClientOptions options = {});

  /// Closes the sessions. Everything acknowledged is stored already; nothing is completed here.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Whether the store's engine runs in this process.
  bool is_embedded() const;

  /// Closes every session once its call has ended. The next call opens the store again and waits for that.
  /// Call it when an embedded engine refuses inserts after its disk failed: a new start of the engine is the
  /// only cure.
  void reopen();

  /// Whether the store answers. Never throws; every failure is `false`.
  bool ping() noexcept;

  /// @name Inserting
  /// On success every row is stored in the raw table and counted in its rollup. An empty list succeeds
  /// with 0 rows. A bad row gives kInvalidArgument, which names row, column, value and rule. On an error
  /// with Applied::kUnknown some of the rows may be stored: see InsertOptions::token.
  /// On a cluster each row goes straight to its shard. When a shard fails, the rows of the other shards are
  /// stored all the same; the error names the shard and is Applied::kUnknown.
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

  /// The same for every family, those that the contract does not have included: client.insert(batch),
  /// client.insert(rows).
  template <Metric Row>
  Result<InsertReceipt> insert(const Batch<Row>& batch, const InsertOptions& options = {});
  template <Metric Row>
  Result<InsertReceipt> insert(std::span<const Row> rows, const InsertOptions& options = {});
  template <Metric Row>
  Result<InsertReceipt> insert(const std::vector<Row>& rows, const InsertOptions& options = {}) {
    return insert(std::span<const Row>(rows), options);
  }
  /// @}

  /// Stores rollup rows that have no raw rows in this store; a copy of another store needs this. `block` has
  /// the rollup's columns, with states as their bytes in a String (MeasureDefinition::merged_expression). It
  /// is stored once for one token.
  Result<void> insert_rollup(Family family, const Block& block, std::string_view token);

  /// @name The four questions
  /// Windows are exact: whole hours come from the rollup, partial hours at the edges from raw rows. An
  /// edge whose raw rows are past their retention is widened to the whole hour; every answer's `window`
  /// says what was used. "The last `hours` hours" end with the present second, included.
  /// Errors: kInvalidArgument for an empty or reversed range or hours outside 1 to 87,600.
  /// @{
  Result<CostHours> query_cost_hourly(const Uuid& customer_id, sys_seconds start, sys_seconds end,
                                      const std::optional<std::string>& cloud_provider = std::nullopt,
                                      const CallOptions& call = {});
  Result<PerformanceSummary> query_performance_p95(const Uuid& customer_id, const Uuid& service_id,
                                                   int hours = 24, const CallOptions& call = {});
  Result<ResourceSummary> query_resource_utilization(const Uuid& customer_id, std::string_view instance_id,
                                                     int hours = 24, const CallOptions& call = {});
  Result<QualityTrend> query_quality_trends(const Uuid& customer_id, const Uuid& service_id, int hours = 24,
                                            const CallOptions& call = {});
  /// @}

  /// @name The same questions over any range, models and series
  /// @{
  Result<PerformanceSummary> query_performance(const Uuid& customer_id, const Uuid& service_id,
                                               TimeRange range, const CallOptions& call = {});
  Result<ResourceSummary> query_resource(const Uuid& customer_id, std::string_view instance_id,
                                         TimeRange range, const CallOptions& call = {});
  Result<QualityTrend> query_quality(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                     Bucket bucket = Bucket::kHour, const CallOptions& call = {});

  /// The models of a service, the busiest first.
  Result<ServiceModels> query_models(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                     const CallOptions& call = {});

  /// A series arrives point by point, in order, with memory for one block only. The callback returns false
  /// to stop early. Buckets without rows are left out. Returns the window that was used. The callback should
  /// be short: the session is busy until it returns.
  Result<TimeRange> query_performance_series(const Uuid& customer_id, const Uuid& service_id, TimeRange range,
                                             Bucket bucket,
                                             const std::function<bool(const PerformancePoint&)>& on_point,
                                             const CallOptions& call = {});
  Result<TimeRange> query_resource_series(const Uuid& customer_id, std::string_view instance_id,
                                          TimeRange range, Bucket bucket,
                                          const std::function<bool(const ResourcePoint&)>& on_point,
                                          const CallOptions& call = {});
  /// Regions and instance types are kept in raw rows only, so the window begins with the oldest raw rows.
  /// Errors: kInvalidArgument for a range that ends before those.
  Result<TimeRange> query_cost_series(const Uuid& customer_id, TimeRange range, Bucket bucket,
                                      CostDimension dimension,
                                      const std::function<bool(const CostPoint&)>& on_point,
                                      const CallOptions& call = {});
  /// @}

  /// @name Any question: measures by dimensions (question.hpp, catalogue.hpp)
  /// A filter takes the name of a customer, service or instance as well as its id (names.hpp). Windows are
  /// used as above. With a dimension that only raw rows keep (KnownBy::kRaw) the window begins with the
  /// oldest raw rows. Errors: kInvalidArgument, which names what is unknown or out of bounds; kTooLarge when
  /// the answer has more than kAnswerRowsMax rows.
  /// @{
  Result<Answer> query(const Question& question, const CallOptions& call = {});

  /// The same row by row, with memory for one block only; the returned Answer has no rows. The callback
  /// returns false to stop early; coverage then counts the rows that it received. The callback should be
  /// short: the session is busy until it returns.
  Result<Answer> query(const Question& question, const std::function<bool(std::span<const Cell>)>& on_row,
                       const CallOptions& call = {});
  /// @}

  /// The names of customers, services and instances, at most `age` old. Errors: those of a query.
  Result<Names> names(std::chrono::milliseconds age = kNamesAge);

  /// Lends one session for the caller's own statements, until `use` returns.
  /// On a cluster it is a session with a host of the URL, whose database reads all shards.
  Result<void> with_session(const std::function<Result<void>(Session&)>& use, const CallOptions& call = {});

  /// Shards of the cluster that holds the store; 0 for a store on one machine.
  std::size_t shard_count() const noexcept;

  /// How long the engine keeps raw rows; kRetentionMax when its table has no limit. On a cluster this asks
  /// one shard.
  Result<std::chrono::days> raw_retention(Family family, const CallOptions& call = {});

  /// Lends a session with each part of the store that holds tables of its own, one after the other: the
  /// store itself, with number 0, or each shard of a cluster, with its number from 1. Use it for work on
  /// tables rather than rows, such as retention and verification.
  /// Errors: the first that `use` returns or that opening a session gives, naming the shard.
  Result<void> with_each_part(const std::function<Result<void>(Session&, std::uint32_t shard)>& use);

 private:
  friend struct TrustedInsert;
  class State;
  struct Handling;
  template <Metric Row>
  Result<InsertReceipt> insert(const Batch<Row>& batch, const InsertOptions& options,
                               const Handling& handling);
  explicit Client(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// The process's shared client of the store that the environment names (store_url_of_environment), opened
/// (and created) on first use and kept until the process ends. After a failed open the next call tries again.
/// Threads: any, but the main thread should make the first call: the store is closed in order when the thread
/// of the first call ends.
Result<Client*> default_client();

}  // namespace optiinfra
