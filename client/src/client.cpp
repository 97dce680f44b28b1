#include "optiinfra/client/client.hpp"

#include <mutex>

#include "attempts.hpp"
#include "client_state.hpp"
#include "insert_plan.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

/// An insert of unknown outcome is repeated too: its token makes it count once.
bool is_worth_a_retry(const Error& error) {
  return error.applied == Applied::kUnknown || may_succeed_elsewhere(error);
}

/// One insert is one block in one partition, which is what the engine deduplicates and stores whole.
InsertStatement insert_statement(std::string table, std::string token, std::chrono::milliseconds timeout) {
  return {.table = std::move(table),
          .deduplication_token = std::move(token),
          .settings = {{"deduplicate_insert", "enable"},
                       {"deduplicate_blocks_in_dependent_materialized_views", "1"},
                       {"async_insert", "0"},
                       {"max_insert_threads", "1"},
                       {"materialized_views_ignore_errors", "0"}},
          .timeout = timeout};
}

Error refused(const TableDefinition& table, const Validation& validation) {
  std::string message = std::string(table.raw_table) + ", " + validation.refused.front().to_string();
  if (validation.refused_rows.size() > 1)
    message += " (" + std::to_string(validation.refused_rows.size()) + " rows are refused in all)";
  return {ErrorKind::kInvalidArgument, message + "; nothing was stored"};
}

template <typename Row>
typename MetricTraits<Row>::BatchType batch_of(std::span<const Row> rows) {
  typename MetricTraits<Row>::BatchType batch;
  batch.reserve(rows.size());
  batch.append(rows);
  return batch;
}

Error too_many_rows(std::size_t rows) {
  return {ErrorKind::kTooLarge, "a call with " + std::to_string(rows) + " rows is over the limit of " +
                                    std::to_string(kInsertRowsMax) + "; split it into several calls"};
}

/// Stores one block; an attempt that may be worth it is repeated, under the block's token, until `deadline`.
template <typename State>
Result<void> store_block(State& state, const char* table, const std::string& token, const Block& block,
                         std::chrono::steady_clock::time_point deadline) {
  Attempts attempts(state.options.call_timeout, deadline);
  while (true) {
    auto inserted = state.with_session([&](Transport& session) {
      return session.insert(insert_statement(qualified(session.database(), table), token, attempts.timeout()),
                            block);
    });
    if (inserted) return {};
    if (!is_worth_a_retry(inserted.error()) || !attempts.again()) return std::move(inserted).error();
  }
}

}  // namespace

Client::Client(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client> Client::open(std::string_view url, ClientOptions options) {
  OPTIINFRA_TRY(const StoreUrl store, parse_store_url(url));
  return open(store, options);
}

Result<Client> Client::open(const StoreUrl& url, ClientOptions options) {
  OPTIINFRA_TRY(auto connector, make_connector(url, options.create ? IfAbsent::kCreate : IfAbsent::kFail));
  return open(std::move(connector), options);
}

Result<Client> Client::open(std::shared_ptr<Connector> connector, ClientOptions options) {
  if (options.call_timeout.count() <= 0)
    return Error{ErrorKind::kInvalidArgument, "call_timeout must be positive"};
  auto state = std::make_unique<State>(std::move(connector), options);
  OPTIINFRA_CHECK(state->with_session([&](Transport& session) -> Result<void> {
    if (!options.create) return expect_current_schema(session);
    auto report = migrate(session);
    if (!report) return std::move(report).error();
    return {};
  }));
  return Client(std::move(state));
}

bool Client::is_embedded() const { return state_->pool.description().starts_with("embedded:"); }

bool Client::ping() noexcept {
  try {
    return with_session([](Transport& session) { return session.execute({.sql = "SELECT 1"}); }).has_value();
  } catch (...) {
    return false;  // Without memory to ask there is no answer.
  }
}

Result<void> Client::with_session(const std::function<Result<void>(Transport&)>& use) {
  return state_->with_session(use);
}

template <typename Row>
Result<InsertReceipt> Client::insert(const typename MetricTraits<Row>::BatchType& batch,
                                     const InsertOptions& options) {
  const TableDefinition& table = table_of(MetricTraits<Row>::kFamily);
  if (!batch.is_rectangular())
    return Error{ErrorKind::kInvalidArgument,
                 std::string(table.raw_table) + ": the batch's columns differ in length"};
  if (batch.size() > kInsertRowsMax) return too_many_rows(batch.size());
  Validation validation = validate<Row>(batch, now());
  if (!validation.ok() && options.on_refused_rows == OnRefusedRows::kStoreNothing)
    return refused(table, validation);

  InsertReceipt receipt{0, std::move(validation.refused), std::move(validation.refused_rows)};
  const InsertPlan plan = plan_insert<Row>(batch, receipt.refused_rows);
  const std::string token = options.token.empty() ? Uuid::random().to_string() : options.token;
  const auto deadline = std::chrono::steady_clock::now() + state_->options.call_timeout;
  std::size_t begin = 0;
  for (std::size_t index = 0; index < plan.block_ends.size(); ++index) {
    const std::size_t end = plan.block_ends[index];
    const Block block = gather_block<Row>(batch, std::span(plan.rows).subspan(begin, end - begin));
    const std::string block_token = token + ":" + std::to_string(index);
    if (auto stored = store_block(*state_, table.raw_table, block_token, block, deadline); !stored) {
      Error error = with_context(std::move(stored).error(), "insert into " + std::string(table.raw_table));
      // Blocks before this one are stored, whatever became of this one.
      if (index > 0) error.applied = Applied::kUnknown;
      return error;
    }
    receipt.rows_stored += end - begin;
    begin = end;
  }
  return receipt;
}

template Result<InsertReceipt> Client::insert<CostMetric>(const CostBatch&, const InsertOptions&);
template Result<InsertReceipt> Client::insert<PerformanceMetric>(const PerformanceBatch&,
                                                                 const InsertOptions&);
template Result<InsertReceipt> Client::insert<ResourceMetric>(const ResourceBatch&, const InsertOptions&);
template Result<InsertReceipt> Client::insert<QualityMetric>(const QualityBatch&, const InsertOptions&);

#define OPTIINFRA_INSERT(family, Row, BatchType)                                          \
  Result<InsertReceipt> Client::insert_##family##_metrics(std::span<const Row> rows,      \
                                                          const InsertOptions& options) { \
    if (rows.size() > kInsertRowsMax) return too_many_rows(rows.size());                  \
    return insert<Row>(batch_of(rows), options);                                          \
  }                                                                                       \
  Result<InsertReceipt> Client::insert_##family##_metrics(const BatchType& batch,         \
                                                          const InsertOptions& options) { \
    return insert<Row>(batch, options);                                                   \
  }
OPTIINFRA_INSERT(cost, CostMetric, CostBatch)
OPTIINFRA_INSERT(performance, PerformanceMetric, PerformanceBatch)
OPTIINFRA_INSERT(resource, ResourceMetric, ResourceBatch)
OPTIINFRA_INSERT(quality, QualityMetric, QualityBatch)
#undef OPTIINFRA_INSERT

Result<Client*> default_client() {
  static std::mutex mutex;
  static std::optional<Client> client;
  const std::lock_guard lock(mutex);
  if (!client) {
    OPTIINFRA_TRY(const StoreUrl url, store_url_of_environment());
    OPTIINFRA_TRY(client, Client::open(url, {.create = true}));
  }
  return &*client;
}

}  // namespace optiinfra
