#include "optiinfra/client/client.hpp"

#include <mutex>
#include <numeric>

#include "block_insert.hpp"
#include "client_state.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/foreign.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {
namespace {

template <typename Row>
Batch<Row> batch_of(std::span<const Row> rows) {
  Batch<Row> batch;
  batch.reserve(rows.size());
  batch.append(rows);
  return batch;
}

Error too_many_rows(std::size_t rows) {
  return {ErrorKind::kTooLarge, "a call with " + std::to_string(rows) + " rows is over the limit of " +
                                    std::to_string(kInsertRowsMax) + "; split it into several calls"};
}

/// What the insert of a day's rows, a statement of its own, may take on a busy machine.
constexpr std::chrono::milliseconds kBudgetOfDay{2'000};

/// The parts of the store that get rows of `plan`. `places` are the rows' shards, on a cluster.
std::vector<PartInsert> parts_of(InsertPlan plan, std::span<const std::uint32_t> places,
                                 const InsertRoute& whole, const Shards* shards) {
  std::vector<PartInsert> parts;
  if (shards == nullptr) {
    if (!plan.rows.empty()) parts.push_back({&whole, std::move(plan)});
    return parts;
  }
  auto plans = split_by_shard(plan, places, shards->routes().size());
  for (std::size_t shard = 0; shard < plans.size(); ++shard) {
    if (!plans[shard].rows.empty()) parts.push_back({&shards->routes()[shard], std::move(plans[shard])});
  }
  return parts;
}

/// Brings the store that `session` reaches to this program's schema: a cluster's host by host.
Result<void> create_or_update(Session& session, const StoreUrl& url,
                              const std::optional<store::ClusterStore>& store) {
  if (!store) return done(store::migrate(session));
  OPTIINFRA_TRY(const std::uint32_t version, store::schema_version_of_store(session));
  if (version == store::schema_version_of_program()) return {};
  OPTIINFRA_TRY(const store::ClusterOptions options, store::options_of(session, store->cluster));
  return done(store::migrate_cluster(url, options));
}

}  // namespace

/// Of the rows of one insert: what a trusted caller knows of them.
struct Client::Handling {
  bool is_checked = false;
  TokenHistory history = TokenHistory::kUnknown;
};

Client::Client(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client> Client::open(std::string_view url, ClientOptions options) {
  OPTIINFRA_TRY(const StoreUrl store, parse_store_url(url));
  return open(store, options);
}

Result<Client> Client::open(const StoreUrl& url, ClientOptions options) {
  const IfAbsent if_absent = options.create ? IfAbsent::kCreate : IfAbsent::kFail;
  const UseReserve use_reserve = options.use_reserve ? UseReserve::kYes : UseReserve::kNo;
  const store::OpenStore open_store = [=](const StoreUrl& store) {
    return make_connector(store, if_absent, use_reserve);
  };
  OPTIINFRA_TRY(auto connector, open_store(url));
  if (url.protocol == Protocol::kEmbedded) {
    OPTIINFRA_TRY(Client client, open(std::move(connector), options));
    // What others planted in the tables would run with this process's rights. On a server it has the
    // server's.
    OPTIINFRA_CHECK(client.with_session(store::expect_no_foreign_objects));
    return client;
  }
  OPTIINFRA_TRY(auto state, State::make(std::move(connector), options));
  std::optional<store::ClusterStore> cluster;
  OPTIINFRA_CHECK(state->with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(cluster, store::find_cluster_store(session));
    return options.create ? create_or_update(session, url, cluster) : store::expect_current_schema(session);
  }));
  if (cluster) {
    OPTIINFRA_TRY(state->shards, Shards::make(url, *std::move(cluster), state->pool, open_store));
  }
  return Client(std::move(state));
}

Result<Client> Client::open(std::shared_ptr<Connector> connector, ClientOptions options) {
  OPTIINFRA_TRY(auto state, State::make(std::move(connector), options));
  OPTIINFRA_CHECK(state->with_session([&](Session& session) {
    return options.create ? done(store::migrate(session)) : store::expect_current_schema(session);
  }));
  return Client(std::move(state));
}

bool Client::is_embedded() const { return state_->pool.description().starts_with("embedded:"); }

bool Client::ping() noexcept {
  try {
    return with_session([](Session& session) { return session.execute({.sql = "SELECT 1"}); }).has_value();
  } catch (...) {
    return false;  // Without memory to ask there is no answer.
  }
}

void Client::reopen() { state_->pool.reopen(); }

Result<void> Client::with_session(const std::function<Result<void>(Session&)>& use, const CallOptions& call) {
  return state_->with_session(state_->budget_of(call), use);
}

Result<Names> Client::names(std::chrono::milliseconds age) {
  OPTIINFRA_TRY(auto book, state_->names.get([this](const auto& use) { return with_session(use); }, age));
  return Names(std::move(book), {});
}

std::size_t Client::shard_count() const noexcept {
  return state_->shards == nullptr ? 0 : state_->shards->routes().size();
}

Result<void> Client::with_each_part(const std::function<Result<void>(Session&, std::uint32_t)>& use) {
  if (state_->shards == nullptr)
    return state_->with_session([&](Session& session) { return use(session, 0); });
  return state_->shards->with_each(state_->budget_of({}), [&](Session& session, const store::Shard& shard) {
    return use(session, shard.number);
  });
}

template <Metric Row>
Result<InsertReceipt> Client::insert(const Batch<Row>& batch, const InsertOptions& options,
                                     const Handling& handling) {
  const TableDefinition& table = table_of(MetricTraits<Row>::kFamily);
  if (!batch.is_rectangular())
    return invalid_argument(std::string(table.raw_table) + ": the batch's columns differ in length");
  if (batch.size() > kInsertRowsMax) return too_many_rows(batch.size());
  Validation validation = handling.is_checked ? Validation{} : validate<Row>(batch, now());
  if (!validation.ok() && options.on_refused_rows == OnRefusedRows::kStoreNothing)
    return refusal(table.family, validation, "nothing was stored");

  InsertReceipt receipt{0, std::move(validation.refused), std::move(validation.refused_rows)};
  BlockInsert insert{.table = table.raw_table,
                     .family = table.family,
                     .history = options.token.empty() ? TokenHistory::kNeverTried : handling.history,
                     .token = options.token.empty() ? Uuid::random().to_string() : options.token,
                     .budget = state_->budget_of(options.call),
                     .log = &state_->options.log,
                     .gather = [&](std::span<const std::uint32_t> rows,
                                   Block spare) { return gather_block<Row>(batch, rows, std::move(spare)); },
                     .spares = &state_->spares};
  std::vector<std::uint32_t> places;
  if (state_->shards != nullptr) places = shards_of<Row>(batch, state_->shards->placement());
  const auto parts =
      parts_of(plan_insert<Row>(batch, receipt.refused_rows), places, state_->whole, state_->shards.get());
  // A user states the budget; a writer repeats what takes longer, and rows of a thousand days do.
  for (const PartInsert& part : parts)
    if (handling.is_checked) insert.budget.timeout += part.plan.block_ends.size() * kBudgetOfDay;
  auto stored = insert_parts(insert, parts);
  if (!stored) return with_context(std::move(stored).error(), "insert into " + std::string(table.raw_table));
  receipt.rows_stored = stored->rows;
  receipt.query_ids = std::move(stored->query_ids);
  return receipt;
}

template <Metric Row>
Result<InsertReceipt> Client::insert(const Batch<Row>& batch, const InsertOptions& options) {
  return insert(batch, options, Handling{});
}

template <Metric Row>
Result<InsertReceipt> TrustedInsert::operator()(Client& client, const Batch<Row>& batch) const {
  return client.insert(batch, {.token = token}, {.is_checked = true, .history = history});
}

Result<void> Client::insert_rollup(Family family, const Block& block, std::string_view token) {
  InsertPlan plan;
  plan.rows.resize(block.row_count());
  std::iota(plan.rows.begin(), plan.rows.end(), 0u);
  if (!plan.rows.empty()) plan.block_ends.push_back(plan.rows.size());
  std::vector<std::uint32_t> places;
  if (state_->shards != nullptr) {
    OPTIINFRA_TRY(places, shards_of(block, family, state_->shards->placement()));
  }
  const BlockInsert insert{.table = table_of(family).rollup_table,
                           .token = std::string(token),
                           .budget = state_->budget_of({}),
                           .log = &state_->options.log,
                           .gather = [&](std::span<const std::uint32_t> rows,
                                         Block spare) { return gather_block(block, rows, std::move(spare)); },
                           .spares = &state_->spares};
  auto stored = insert_parts(insert, parts_of(std::move(plan), places, state_->whole, state_->shards.get()));
  if (!stored) return with_context(std::move(stored).error(), "insert into " + std::string(insert.table));
  return {};
}

template <Metric Row>
Result<InsertReceipt> Client::insert(std::span<const Row> rows, const InsertOptions& options) {
  if (rows.size() > kInsertRowsMax) return too_many_rows(rows.size());
  return insert(batch_of(rows), options);
}

#define BEGIN_FAMILY(Name, name)                                                                      \
  template Result<InsertReceipt> Client::insert(const Batch<Name##Metric>&, const InsertOptions&);    \
  template Result<InsertReceipt> Client::insert(std::span<const Name##Metric>, const InsertOptions&); \
  template Result<InsertReceipt> TrustedInsert::operator()(Client&, const Batch<Name##Metric>&) const;
#include "optiinfra/schema/families.def"

// The contract's names; a family that it does not have is inserted by insert().
#define CONTRACT_NAMES(Name, name)                                                          \
  Result<InsertReceipt> Client::insert_##name##_metrics(std::span<const Name##Metric> rows, \
                                                        const InsertOptions& options) {     \
    return insert(rows, options);                                                           \
  }                                                                                         \
  Result<InsertReceipt> Client::insert_##name##_metrics(const Name##Batch& batch,           \
                                                        const InsertOptions& options) {     \
    return insert(batch, options);                                                          \
  }
CONTRACT_NAMES(Cost, cost)
CONTRACT_NAMES(Performance, performance)
CONTRACT_NAMES(Resource, resource)
CONTRACT_NAMES(Quality, quality)
#undef CONTRACT_NAMES

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
