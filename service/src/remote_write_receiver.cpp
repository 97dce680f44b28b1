#include "remote_write_receiver.hpp"

#include "decompress.hpp"
#include "metric_text.hpp"

namespace optiinfra::service {
namespace {

constexpr std::chrono::milliseconds kWorkEvery{1'000};
/// How long the thread waits for the sync of the writer's disk before it tries again.
constexpr std::chrono::seconds kSyncTime{10};

/// Whether the writer takes the same rows later.
bool passes(const Error& error) {
  return error.kind == ErrorKind::kStorage || error.kind == ErrorKind::kUnavailable ||
         error.kind == ErrorKind::kTimeout;
}

exposition::sys_milliseconds clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void add_by_name(std::string& text, const char* metric, const char* label, const char* meaning,
                 const remote_write::NamedCounts& counts) {
  MetricText lines(text, metric, "counter", meaning);
  for (const auto& [name, count] : counts.by_name()) lines.add(label_text(label, name), count);
  if (counts.others() != 0) lines.add(label_text(label, "(others)"), counts.others());
}

}  // namespace

RemoteWriteReceiver::RemoteWriteReceiver(std::unique_ptr<spool::Spool> log, Writer& writer)
    : log_(std::move(log)), writer_(writer), gatherer_(exposition::AliasTable::builtin()) {}

Result<std::unique_ptr<RemoteWriteReceiver>> RemoteWriteReceiver::open(const std::filesystem::path& folder,
                                                                       Writer& writer) {
  OPTIINFRA_TRY(auto log, spool::Spool::open(folder, {.segment_bytes = std::uint64_t{16} << 20,
                                                      .spool_bytes_max = kRemoteWriteLogBytesMax}));
  std::unique_ptr<RemoteWriteReceiver> receiver(new RemoteWriteReceiver(std::move(log), writer));
  OPTIINFRA_CHECK(receiver->replay());
  receiver->thread_ = std::thread([raw = receiver.get()] { raw->run(); });
  return receiver;
}

RemoteWriteReceiver::~RemoteWriteReceiver() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  stop_.notify_all();
  if (thread_.joinable()) thread_.join();
  static_cast<void>(log_->close());
}

Result<void> RemoteWriteReceiver::replay() {
  OPTIINFRA_CHECK(log_->replay([this](const spool::SpoolRecord& kept) -> Result<void> {
    const std::string_view text(reinterpret_cast<const char*>(kept.payload.data()), kept.payload.size());
    auto record = remote_write::parse_remote_write_record(text);
    auto replayed = record ? replay(kept.sequence, *record) : Result<void>(std::move(record).error());
    if (replayed) return {};
    ++records_unreadable_;
    return log_->acknowledge(kept.sequence);
  }));
  if (now_ == exposition::sys_milliseconds{}) now_ = clock();
  return {};
}

Result<void> RemoteWriteReceiver::replay(spool::Sequence sequence,
                                         const remote_write::RemoteWriteRecord& record) {
  now_ = std::max(now_, record.time);
  if (!record.is_request()) {
    gatherer_.settle(now_);
    if (kept_time_record_ != 0) released_.push_back(kept_time_record_);
    kept_time_record_ = sequence;
    return {};
  }
  OPTIINFRA_TRY(const std::string body,
                decompressed(std::string(record.body), record.encoding, remote_write::kRemoteWriteBytesMax));
  OPTIINFRA_TRY(const remote_write::RemoteWriteRequest request,
                remote_write::decode_remote_write(body, record.protocol));
  gatherer_.add({sequence, now_, record.clock}, request, record.origin);
  return {};
}

exposition::sys_milliseconds RemoteWriteReceiver::advance_time() {
  const auto passed =
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::steady_clock::now() - advanced_at_);
  advanced_at_ += passed;
  return now_ += passed;
}

Result<spool::Sequence> RemoteWriteReceiver::append(const remote_write::RemoteWriteRecord& record) {
  const std::string text = remote_write::remote_write_record_text(record);
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(text))};
  return log_->append(parts);
}

Result<remote_write::RemoteWriteAnswer> RemoteWriteReceiver::take(remote_write::RemoteWriteRecord received) {
  OPTIINFRA_TRY(const std::string body, decompressed(std::string(received.body), received.encoding,
                                                     remote_write::kRemoteWriteBytesMax));
  OPTIINFRA_TRY(const remote_write::RemoteWriteRequest request,
                remote_write::decode_remote_write(body, received.protocol));
  if (request.series.empty()) return remote_write::RemoteWriteAnswer{};
  remote_write::RemoteWriteAnswer answer;
  spool::Sequence sequence = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!gatherer_.has_room(request.samples.size()) || rows_waiting_ >= kGatheredRowsMax)
      return Error{ErrorKind::kUnavailable, "too many samples wait for the others of their time"};
    received.time = advance_time();
    received.clock = clock();
    OPTIINFRA_TRY(sequence, append(received));
    answer = gatherer_.add({sequence, received.time, received.clock}, request, received.origin);
  }
  if (answer.is_needed) OPTIINFRA_CHECK(log_->sync(sequence));
  return answer;
}

void RemoteWriteReceiver::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    lock.unlock();
    work();
    lock.lock();
    stop_.wait_for(lock, kWorkEvery, [this] { return is_stopped_; });
  }
}

void RemoteWriteReceiver::work() {
  {
    const std::lock_guard lock(mutex_);
    const exposition::sys_milliseconds time = advance_time();
    const std::uint64_t readings = gatherer_.counts().readings;
    gatherer_.settle(time);
    std::vector<remote_write::GatheredRows> rows = gatherer_.take_rows();
    if (gatherer_.counts().readings != readings || !rows.empty()) made_at_ = time;
    for (remote_write::GatheredRows& each : rows) made_.push_back(std::move(each));
    const auto released = gatherer_.take_released();
    released_.insert(released_.end(), released.begin(), released.end());
  }
  if (const auto kept = keep_time(); !kept) {
    const std::lock_guard lock(mutex_);
    last_error_ = kept.error().message;
    return;
  }
  write(made_);
  {
    const std::lock_guard lock(mutex_);
    rows_waiting_ = made_.size();
  }
  if (!made_.empty()) return;
  // Only now: without its rows a record would be needed again after a crash.
  for (const std::uint64_t each : released_) static_cast<void>(log_->acknowledge(each));
  released_.clear();
}

Result<void> RemoteWriteReceiver::keep_time() {
  if (made_at_ == kept_time_) return {};
  OPTIINFRA_TRY(const spool::Sequence sequence, append({.time = made_at_, .encoding = {}, .body = {}}));
  if (auto synced = log_->sync(sequence); !synced) {
    static_cast<void>(log_->acknowledge(sequence));
    return synced;
  }
  kept_time_ = made_at_;
  if (kept_time_record_ != 0) released_.push_back(kept_time_record_);
  kept_time_record_ = sequence;
  return {};
}

void RemoteWriteReceiver::write(std::deque<remote_write::GatheredRows>& made) {
  std::vector<Ticket> tickets;
  Result<void> outcome;
  std::uint64_t refused = 0, repeated = 0;
  const auto hand_over = [&](const auto& rows, const Uuid& identity) -> Result<void> {
    if (rows.empty()) return {};
    // The content is not named: of a target and a time the first rows count, whatever came later.
    auto receipt = writer_.write(std::span(rows), {.acknowledgement = Acknowledgement::kSpooled,
                                                   .on_refused_rows = OnRefusedRows::kStoreOthers,
                                                   .request = spool::RequestKey{identity, 0}});
    if (!receipt && passes(receipt.error())) return std::move(receipt).error();
    refused += receipt ? receipt->refused_rows.size() : rows.size();
    repeated += receipt && receipt->is_repeated ? rows.size() : 0;
    if (receipt) tickets.push_back(std::move(receipt->ticket));
    return {};
  };
  std::size_t taken = 0;
  for (const remote_write::GatheredRows& each : made) {
    outcome = hand_over(each.resources, each.resource_identity);
    if (outcome) outcome = hand_over(each.servings, each.serving_identity);
    if (!outcome) break;
    ++taken;
  }
  for (const Ticket& each : tickets) {
    if (auto spooled = each.wait(kSyncTime); !spooled) {
      outcome = std::move(spooled);
      taken = 0;  // Handed over again they count once.
      break;
    }
  }
  made.erase(made.begin(), made.begin() + static_cast<std::ptrdiff_t>(taken));
  const std::lock_guard lock(mutex_);
  rows_refused_ += refused;
  rows_repeated_ += repeated;
  last_error_ = outcome ? std::string() : outcome.error().message;
}

std::string RemoteWriteReceiver::metrics_text() const {
  std::string text;
  const std::lock_guard lock(mutex_);
  const remote_write::RemoteWriteCounts& counts = gatherer_.counts();
  const remote_write::RemoteWriteUsage usage = gatherer_.usage();
  {
    MetricText samples(text, "optiinfra_remote_write_samples_total", "counter",
                       "Samples of remote write by what became of them");
    const std::pair<const char*, std::uint64_t> outcomes[] = {
        {"understood", counts.understood - counts.absent - counts.repeated},
        {"absent", counts.absent},
        {"repeated", counts.repeated},
        {"late", counts.late},
        {"replica", counts.replicas},
        {"unneeded", counts.unneeded},
        {"unknown", counts.unknown.total()},
        {"native_histogram", counts.native_histograms.total()},
        {"exemplar", counts.exemplars},
        {"refused", counts.refused.total()}};
    for (const auto& [outcome, count] : outcomes) samples.add(label_text("outcome", outcome), count);
  }
  add_by_name(text, "optiinfra_remote_write_unknown_samples_total", "metric",
              "Samples of metrics that nothing is known of", counts.unknown);
  add_by_name(text, "optiinfra_remote_write_native_histograms_total", "metric",
              "Native histograms, which are not understood", counts.native_histograms);
  add_by_name(text, "optiinfra_remote_write_refused_samples_total", "reason", "Samples that were refused",
              counts.refused);
  const std::pair<const char*, std::uint64_t> counters[] = {
      {"optiinfra_remote_write_readings_total", counts.readings},
      {"optiinfra_remote_write_resets_total", counts.resets},
      {"optiinfra_remote_write_changed_buckets_total", counts.changed_buckets},
      {"optiinfra_remote_write_rows_repeated_total", rows_repeated_},
      {"optiinfra_remote_write_rows_refused_total", rows_refused_},
      {"optiinfra_remote_write_records_lost_total", records_unreadable_ + log_->recovery().problems.size()}};
  const char* const meanings[] = {"Targets at one time, gathered from samples",
                                  "Series that started again",
                                  "Histograms without a distribution for an interval",
                                  "Rows that were made again after a restart, and counted once",
                                  "Rows that broke a rule of a column",
                                  "Requests on disk that could not be read after a restart"};
  for (std::size_t i = 0; i < std::size(counters); ++i)
    MetricText(text, counters[i].first, "counter", meanings[i]).add("", counters[i].second);
  const std::pair<const char*, std::uint64_t> gauges[] = {
      {"optiinfra_remote_write_targets", usage.targets},
      {"optiinfra_remote_write_series", usage.series},
      {"optiinfra_remote_write_samples_waiting", usage.samples_waiting},
      {"optiinfra_remote_write_log_bytes", log_->usage().disk_bytes}};
  const char* const gauge_meanings[] = {"Targets that are known", "Series whose last value is known",
                                        "Samples that wait for the others of their time",
                                        "Requests on disk that later rows need"};
  for (std::size_t i = 0; i < std::size(gauges); ++i)
    MetricText(text, gauges[i].first, "gauge", gauge_meanings[i]).add("", gauges[i].second);
  return text;
}

}  // namespace optiinfra::service
