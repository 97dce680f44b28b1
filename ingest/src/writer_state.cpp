#include "writer_state.hpp"

#include <algorithm>

#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra {
namespace {

constexpr std::chrono::milliseconds kRetryDelayFirst{50}, kRetryDelayMax{5'000};

std::vector<std::uint32_t> rows_without(std::size_t rows, std::span<const std::uint32_t> left_out) {
  std::vector<std::uint32_t> kept;
  kept.reserve(rows - left_out.size());
  auto next = left_out.begin();
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (next != left_out.end() && *next == row) {
      ++next;
    } else {
      kept.push_back(row);
    }
  }
  return kept;
}

/// Whether `error`, met after so many attempts, does not pass by itself but may be cured by a new start of an
/// embedded engine.
bool needs_reopening(const Error& error, int attempts) {
  constexpr int kAttemptsUntilReopening = 4;
  if (error.kind == ErrorKind::kStorage) return true;
  return !is_retryable(error) && (attempts + 1) % kAttemptsUntilReopening == 0;
}

std::chrono::milliseconds pause_after(int attempts) {
  return std::min(kRetryDelayMax, kRetryDelayFirst * (1 << std::min(attempts, 10)));
}

}  // namespace

Writer::State::State(Client& client, WriterOptions options, WriterDisk disk)
    : client_(&client),
      options_(std::move(options)),
      spool_(std::move(disk.spool)),
      requests_(std::move(disk.requests)),
      name_(Uuid::random().to_string()),
      memory_(options_.memory_bytes_max) {}

Writer::State::State(StoreUrl url, std::optional<Client> client, WriterOptions options, WriterDisk disk)
    : url_(std::move(url)),
      own_client_(std::move(client)),
      client_(own_client_ ? &*own_client_ : nullptr),
      options_(std::move(options)),
      spool_(std::move(disk.spool)),
      requests_(std::move(disk.requests)),
      name_(Uuid::random().to_string()),
      memory_(options_.memory_bytes_max) {}

Writer::State::~State() { stop(); }

void Writer::State::start() {
  for (unsigned i = 0; i < options_.senders; ++i) threads_.emplace_back([this] { send_groups(); });
  threads_.emplace_back([this] { seal_by_age(); });
  if (!spool_) return;
  for (const std::string& problem : spool_->recovery().problems) add_problem(problem);
  for (const std::string& problem : requests_->problems()) add_problem(problem);
  is_recovering_ = true;
  threads_.emplace_back([this] { recover(); });
}

// --- Taking rows over ---

Result<void> Writer::State::expect_possible(const WriteOptions& options) const {
  if (options.acknowledgement == Acknowledgement::kSpooled && !spool_)
    return invalid_argument(
        "a write asks for its rows to be spooled and the writer has no spool; open it with "
        "WriterOptions::spool_folder");
  if (options.token.size() > kGroupTokenBytesMax)
    return Error{ErrorKind::kTooLarge,
                 "a token is longer than " + std::to_string(kGroupTokenBytesMax) + " bytes"};
  if (!options.request) return {};
  if (!spool_ || options.acknowledgement == Acknowledgement::kAccepted || !options.token.empty())
    return invalid_argument(
        "a write with WriteOptions::request needs a writer with a spool, asks for its rows to be "
        "spooled or stored, and has no token");
  return {};
}

Result<std::optional<Ticket>> Writer::State::find_repeated(const Requests::Lock&,
                                                           const WriteOptions& options) const {
  OPTIINFRA_TRY(const auto first, requests_->find(*options.request));
  if (!first) return std::optional<Ticket>{};
  return std::optional(Ticket(std::make_shared<Ticket::Rows>(
      Ticket::Rows{options.acknowledgement, first->group, spool_, first->record})));
}

template <typename Row>
Result<WriteReceipt> Writer::State::write(const Batch<Row>& batch, const WriteOptions& options) {
  const TableDefinition& table = table_of(MetricTraits<Row>::kFamily);
  OPTIINFRA_CHECK(expect_possible(options));
  if (options.request) {
    // First of all: rows that were taken once may be too old by now.
    OPTIINFRA_TRY(const auto repeated, find_repeated(requests_->lock(), options));
    if (repeated) return WriteReceipt{.ticket = *repeated, .is_repeated = true};
  }
  if (!batch.is_rectangular())
    return invalid_argument(std::string(table.raw_table) + ": the batch's columns differ in length");
  if (batch.size() > kInsertRowsMax)
    return Error{ErrorKind::kTooLarge, "a write with " + std::to_string(batch.size()) +
                                           " rows is over the limit of " + std::to_string(kInsertRowsMax) +
                                           "; split it into several"};
  Validation validation = validate<Row>(batch, now());
  if (!validation.ok()) {
    rows_refused_ += validation.refused_rows.size();
    if (options.on_refused_rows == OnRefusedRows::kStoreNothing)
      return refusal(table.family, validation, "nothing was taken");
  }
  const std::size_t rows = batch.size() - validation.refused_rows.size();
  Staged staged{Ticket(std::make_shared<Ticket::Rows>())};
  if (rows > 0 && validation.ok()) {
    OPTIINFRA_TRY(staged, stage<Row>(batch, options));
  } else if (rows > 0) {
    Batch<Row> good;
    append_batch<Row>(good, batch, rows_without(batch.size(), validation.refused_rows));
    OPTIINFRA_TRY(staged, stage<Row>(good, options));
  }
  if (staged.is_repeated) return WriteReceipt{.ticket = staged.ticket, .is_repeated = true};
  rows_accepted_ += rows;
  return WriteReceipt{.ticket = staged.ticket,
                      .rows = rows,
                      .refused = std::move(validation.refused),
                      .refused_rows = std::move(validation.refused_rows)};
}

Result<void> Writer::State::take_memory(std::size_t bytes) {
  if (bytes > memory_.bytes_max())
    return Error{ErrorKind::kTooLarge, "a write of " + std::to_string(bytes) +
                                           " bytes is over the writer's memory of " +
                                           std::to_string(memory_.bytes_max()) + "; split it into several"};
  const bool waits = options_.when_full == WhenFull::kWait;
  const auto deadline = waits ? Clock::now() + options_.write_timeout : Clock::time_point{};
  switch (memory_.take(bytes, deadline)) {
    case MemoryBudget::Outcome::kTaken:
      return {};
    case MemoryBudget::Outcome::kClosed:
      return closed();
    case MemoryBudget::Outcome::kFull:
      break;
  }
  const std::lock_guard lock(live_mutex_);
  return Error{waits ? ErrorKind::kTimeout : ErrorKind::kUnavailable,
               "the writer's memory for rows is full (" + std::to_string(memory_.bytes_max()) +
                   " bytes), because the store takes rows more slowly than they arrive" +
                   (last_error_.empty() ? std::string() : "; the store last said: " + last_error_)};
}

std::string Writer::State::next_token() { return name_ + "-" + std::to_string(next_group_++); }

Writer::State::Group Writer::State::new_group(Family family, std::string token) {
  auto group = std::make_shared<InsertGroup>(family);
  group->token = std::move(token);
  join_live(group);
  return group;
}

void Writer::State::join_live(const Group& group) {
  const std::lock_guard lock(live_mutex_);
  live_.insert(group);
}

Result<spool::Sequence> Writer::State::append_record(const RecordHead& head, const Block& rows) {
  const auto bytes = encode_rows_record(head, rows);
  const std::span<const std::byte> part(bytes);
  auto appended = spool_->append(std::span(&part, 1));
  if (!appended) return with_context(std::move(appended).error(), "write to the spool");
  return appended;
}

template <typename Row>
Result<Writer::State::Staged> Writer::State::stage(const Batch<Row>& rows, const WriteOptions& options) {
  const std::size_t bytes = bytes_of<Row>(rows) + (options.request ? InsertGroup::kRequestBytes : 0);
  OPTIINFRA_CHECK(take_memory(bytes));
  auto staged = stage_in_memory<Row>(rows, bytes, options);
  if (!staged || staged->is_repeated) memory_.give_back(bytes);
  return staged;
}

/// Of `bytes`, which the caller has taken, and gives back where no row was taken.
template <typename Row>
Result<Writer::State::Staged> Writer::State::stage_in_memory(const Batch<Row>& rows, std::size_t bytes,
                                                             const WriteOptions& options) {
  constexpr Family kFamily = MetricTraits<Row>::kFamily;
  Stage& stage = stage_of(kFamily);
  const std::lock_guard lock(stage.mutex);
  Requests::Lock requests_lock;
  if (options.request) {
    requests_lock = requests_->lock();
    OPTIINFRA_TRY(const auto repeated, find_repeated(requests_lock, options));
    if (repeated) return Staged{*repeated, true};
  }
  // Rows with a token of their producer are an insert of their own: the token must name the same rows again.
  const bool is_named = !options.token.empty();
  if (!is_named && stage.open && stage.open->row_count + rows.size() > kInsertRowsMax) seal(stage);
  const Group gathering = is_named ? nullptr : stage.open;
  const std::string token = gathering ? gathering->token : is_named ? options.token : next_token();
  std::optional<spool::Sequence> record;
  if (spool_) {
    const auto extent = is_named ? RecordExtent::kWhole : RecordExtent::kPart;
    OPTIINFRA_TRY(record, append_record({kFamily, extent, token, options.request}, block_of<Row>(rows)));
  }
  const Group group = gathering ? gathering : new_group(kFamily, token);
  group->token_history = is_named ? TokenHistory::kUnknown : TokenHistory::kNeverTried;
  group->add<Row>(rows, bytes, record, options.request);
  if (options.request) requests_->add(*options.request, group);
  if (is_named) {
    queue_.push(group);
  } else {
    stage.open = group;
    if (group->row_count >= options_.insert_rows) seal(stage);
  }
  return Staged{Ticket(std::make_shared<Ticket::Rows>(
      Ticket::Rows{options.acknowledgement, group, spool_, record.value_or(0)}))};
}

void Writer::State::seal(Stage& stage) {
  if (stage.open) queue_.push(std::exchange(stage.open, nullptr));
}

void Writer::State::seal_if_older(Clock::time_point than) {
  for (Stage& stage : stages_) {
    const std::lock_guard lock(stage.mutex);
    if (stage.open && stage.open->begun <= than) seal(stage);
  }
}

void Writer::State::seal_by_age() {
  constexpr std::chrono::milliseconds kLooksPerAge{8}, kLookMin{1};
  const auto pause = std::max(kLookMin, options_.insert_age / kLooksPerAge.count());
  std::unique_lock lock(stop_mutex_);
  while (!stop_changed_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    seal_if_older(Clock::now() - options_.insert_age);
    lock.lock();
  }
}

// --- Sending ---

void Writer::State::send_groups() {
  while (const Group group = queue_.pop()) send(group);
}

Result<Client*> Writer::State::client() {
  const std::lock_guard lock(client_mutex_);
  if (client_ == nullptr) {
    OPTIINFRA_TRY(own_client_, Client::open(url_, {.log = options_.log}));
    client_ = &*own_client_;
  }
  return client_;
}

Result<void> Writer::State::store(InsertGroup& group) {
  if (spool_) OPTIINFRA_CHECK(spool_->sync(group.records.back()));
  OPTIINFRA_TRY(Client* const client, this->client());
  return with_metric(group.family, [&]<typename Row>() -> Result<void> {
    const TrustedInsert insert{.token = group.token, .history = group.token_history};
    auto receipt = insert(*client, group.rows_of<Row>());
    if (receipt) return {};
    if (needs_reopening(receipt.error(), group.attempts)) client->reopen();
    return std::move(receipt).error();
  });
}

void Writer::State::send(const Group& group) {
  const bool was_stored = group->fate.state() == Fate::State::kStored;
  if (!was_stored) {
    if (auto stored = store(*group); !stored) {
      postpone(group, stored.error());
      return;
    }
    ++inserts_;
    rows_stored_ += group->row_count;
    group->attempts = 0;
  }
  const auto acknowledged = acknowledge(group);
  note_error(acknowledged ? "" : acknowledged.error().message);
  if (!was_stored) {
    group->fate.settle(Fate::State::kStored);
    retire(group);
  }
  if (acknowledged) return;
  // Its records stay in the spool, which bounds how many such groups there are, until the disk takes its
  // keys.
  group->not_before = Clock::now() + pause_after(group->attempts++);
  queue_.push(group);
}

Result<void> Writer::State::acknowledge(const Group& group) {
  if (!spool_) return {};
  if (!group->requests.empty()) {
    auto remembered = requests_->remember(group);
    if (!remembered)
      return with_context(std::move(remembered).error(),
                          "keep the keys of stored requests in the spool's folder");
  }
  // An acknowledgement that is lost repeats the group under its token, which stores nothing.
  for (const spool::Sequence record : group->records) (void)spool_->acknowledge(record);
  return {};
}

void Writer::State::note_error(const std::string& message) {
  bool had_error = false;
  {
    const std::lock_guard lock(live_mutex_);
    had_error = !last_error_.empty();
    last_error_ = message;
  }
  if (had_error == message.empty()) tell(message);
}

/// Of inserts that begin to fail, and that succeed again.
void Writer::State::tell(const std::string& failure) const {
  if (!options_.log) return;
  if (failure.empty()) {
    options_.log(LogLevel::kInfo, "the store takes rows again");
  } else {
    options_.log(LogLevel::kWarning,
                 "the store does not take rows, which wait and are tried again: " + failure);
  }
}

void Writer::State::retire(const Group& group) {
  memory_.give_back(group->bytes);
  group->batch = {};
  const std::lock_guard lock(live_mutex_);
  live_.erase(group);
}

void Writer::State::postpone(const Group& group, const Error& error) {
  ++retries_;
  if (group->token_history == TokenHistory::kNeverTried) group->token_history = TokenHistory::kUnknown;
  group->fate.failed(error);
  note_error(error.message);
  group->not_before = Clock::now() + pause_after(group->attempts++);
  queue_.push(group);
}

// --- Ending ---

std::vector<Writer::State::Group> Writer::State::live_groups() const {
  const std::lock_guard lock(live_mutex_);
  return {live_.begin(), live_.end()};
}

Result<void> Writer::State::flush(std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  {
    std::unique_lock lock(stop_mutex_);
    stop_changed_.wait_until(lock, deadline, [this] { return !is_recovering_ || stopping_; });
  }
  seal_if_older(Clock::time_point::max());
  queue_.hurry();
  for (const Group& group : live_groups()) {
    if (group->fate.wait_until(deadline, false) == Fate::State::kStored) continue;
    return with_context(group->fate.why_not(), "the writer could not store all of its rows");
  }
  return {};
}

Result<void> Writer::State::close(std::chrono::milliseconds timeout) {
  auto flushed = flush(timeout);
  stop();
  if (spool_) {
    // What is not stored stays in the spool, and its acknowledgements are written.
    auto closed = spool_->close();
    if (flushed && !closed) return closed;
  }
  return flushed;
}

void Writer::State::stop() {
  {
    const std::lock_guard lock(stop_mutex_);
    stopping_ = true;
  }
  stop_changed_.notify_all();
  memory_.close();
  queue_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  for (const Group& group : live_groups()) {
    group->fate.settle(Fate::State::kAbandoned);
    retire(group);
  }
  for (Stage& stage : stages_) stage.open = nullptr;
  if (requests_) requests_->abandon();
}

WriterMetrics Writer::State::metrics() const {
  WriterMetrics metrics;
  metrics.rows_accepted = rows_accepted_;
  metrics.rows_stored = rows_stored_;
  metrics.rows_refused = rows_refused_;
  metrics.rows_recovered = rows_recovered_;
  metrics.inserts = inserts_;
  metrics.retries = retries_;
  metrics.rows_queued = metrics.rows_accepted + metrics.rows_recovered - metrics.rows_stored;
  metrics.bytes_queued = memory_.bytes_taken();
  if (spool_) metrics.spool_bytes = spool_->usage().disk_bytes;
  const std::lock_guard lock(live_mutex_);
  metrics.last_error = last_error_;
  metrics.spool_problems = spool_problems_;
  for (const Group& group : live_) {
    metrics.lag = std::max(
        metrics.lag, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - group->begun));
  }
  return metrics;
}

#define BEGIN_FAMILY(Name, name) \
  template Result<WriteReceipt> Writer::State::write(const Batch<Name##Metric>&, const WriteOptions&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
