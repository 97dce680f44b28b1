#include "optiinfra/agent/outbox.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "optiinfra/api/insert.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra::agent {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPauseMin{500}, kPauseMax{15'000};
/// For one request; a service that is busy answers that it is. Its rows may come this slowly, too.
constexpr milliseconds kCallTimeout{20'000};
constexpr std::size_t kBytesOfOneSecond = std::size_t{64} << 10;
constexpr std::string_view kHeader = "optiinfra-outbox 1 ";
constexpr std::size_t kRemarksMax = 50;

/// "optiinfra-outbox 1 <table> <key>" and a line end come before the rows.
std::string header_of(Family family, const Uuid& key) {
  return std::string(kHeader) + table_of(family).raw_table + " " + key.to_string() + "\n";
}

struct BoxedRequest {
  Family family{};
  Uuid key;
  std::string_view lines;
};

std::optional<BoxedRequest> parse_request(std::string_view record) {
  const std::size_t end = record.find('\n');
  if (!record.starts_with(kHeader) || end == std::string_view::npos) return std::nullopt;
  const std::string_view head = record.substr(kHeader.size(), end - kHeader.size());
  const std::size_t space = std::min(head.find(' '), head.size() - 1);
  const auto key = Uuid::parse(head.substr(space + 1));
  for (const Family family : kFamilies)
    if (key && head.substr(0, space) == table_of(family).raw_table)
      return BoxedRequest{family, *key, record.substr(end + 1)};
  return std::nullopt;
}

std::uint64_t line_count(std::string_view lines) {
  return static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
}

milliseconds time_for(std::size_t bytes) {
  return kCallTimeout + milliseconds(bytes * 1'000 / kBytesOfOneSecond);
}

/// Whether the same request can never be taken, so that those behind it must not wait for it.
bool is_final(const Error& error) {
  return error.kind == ErrorKind::kInvalidArgument || error.kind == ErrorKind::kTooLarge;
}

}  // namespace

class Outbox::State {
 public:
  State(std::unique_ptr<spool::Spool> spool, api::ApiStore store)
      : spool_(std::move(spool)), store_(std::move(store)), sender_([this] { send_all(); }) {}
  ~State() { stop(); }

  Result<void> put(Family family, const Uuid& key, std::string_view lines) {
    if (lines.size() > kOutboxRequestBytesMax)
      return Error{ErrorKind::kTooLarge,
                   "a request of " + std::to_string(lines.size()) + " bytes is too large for the outbox"};
    const std::string header = header_of(family, key);
    const std::span<const std::byte> parts[] = {std::as_bytes(std::span(header)),
                                                std::as_bytes(std::span(lines))};
    OPTIINFRA_TRY(const spool::Sequence sequence, spool_->append(parts));
    if (auto synced = spool_->sync(sequence); !synced) {
      // Given back, so that its next try is no second request behind it.
      (void)spool_->acknowledge(sequence);
      return synced;
    }
    changed_.notify_all();
    return {};
  }

  OutboxCounts counts() const {
    const spool::SpoolUsage usage = spool_->usage();
    const std::lock_guard lock(mutex_);
    return {usage.records, usage.disk_bytes, rows_sent_, rows_refused_};
  }

  std::vector<std::string> take_remarks() {
    const std::lock_guard lock(mutex_);
    return std::exchange(remarks_, {});
  }

  void remark(std::string sentence) {
    const std::lock_guard lock(mutex_);
    if (remarks_.size() < kRemarksMax) remarks_.push_back(std::move(sentence));
  }

  Result<void> close(milliseconds patience) {
    const auto until = Clock::now() + patience;
    {
      std::unique_lock lock(mutex_);
      is_closing_ = true;
      changed_.notify_all();
      changed_.wait_until(lock, until, [this] { return has_ended_; });
    }
    stop();
    const std::uint64_t left = spool_->usage().records;
    if (left != 0) remark(std::to_string(left) + " requests wait on the disk for the next start");
    return spool_->close();
  }

 private:
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      is_stopped_ = true;
    }
    stop_.request_stop();
    changed_.notify_all();
    if (sender_.joinable()) sender_.join();
  }

  bool is_stopped() const {
    const std::lock_guard lock(mutex_);
    return is_stopped_;
  }

  void send_all() {
    milliseconds pause = kPauseMin;
    for (;;) {
      auto sent = spool_->usage().records == 0
                      ? Result<void>{}
                      : spool_->replay([this](const spool::SpoolRecord& record) { return send(record); });
      if (sent) pause = kPauseMin;
      std::unique_lock lock(mutex_);
      const bool is_done = sent && spool_->usage().records == 0;
      if (is_stopped_ || (is_closing_ && is_done)) break;
      if (is_done) {
        // A request that was put since then is noticed at the latest after this.
        changed_.wait_for(lock, kPauseMin);
      } else if (!sent) {
        // The last chance of what is left is short.
        const bool was_closing = is_closing_;
        changed_.wait_for(lock, was_closing ? kPauseMin : pause,
                          [&] { return is_stopped_ || is_closing_ != was_closing; });
        pause = std::min(pause * 2, kPauseMax);
      }
    }
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
    changed_.notify_all();
  }

  Result<void> send(const spool::SpoolRecord& record) {
    if (is_stopped()) return Error{ErrorKind::kCancelled, "stopped"};
    const std::string_view text(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
    const auto request = parse_request(text);
    if (!request) {
      remark("a record of the outbox is none of this program and is left out");
      return spool_->acknowledge(record.sequence);
    }
    auto inserted = api::insert_rows(store_, request->family, "application/x-ndjson", request->key,
                                     std::string(request->lines),
                                     {.call = time_for(request->lines.size()),
                                      .all = milliseconds{0},
                                      .pause = {},
                                      .stop = stop_.get_token()});
    if (is_stopped() && !inserted) return std::move(inserted).error();
    if (!inserted && !note_failure(inserted.error(), line_count(request->lines)))
      return std::move(inserted).error();
    if (inserted) note(*inserted);
    return spool_->acknowledge(record.sequence);
  }

  void note(const api::Inserted& inserted) {
    const std::lock_guard lock(mutex_);
    if (!waits_for_.empty()) remarks_.push_back("rows are sent again");
    waits_for_.clear();
    rows_sent_ += inserted.accepted + inserted.duplicates;
    if (inserted.rejected != 0 && rows_refused_ == 0)
      remarks_.push_back("the service refuses rows" +
                         (inserted.refused.empty() ? "" : ": " + inserted.refused.front().to_string()));
    rows_refused_ += inserted.rejected;
  }

  /// Whether the request is done in spite of the error.
  bool note_failure(const Error& error, std::uint64_t rows) {
    const std::lock_guard lock(mutex_);
    if (error.kind == ErrorKind::kConflict) {
      // The same lines, as an earlier program or configuration read them: the service has those.
      rows_sent_ += rows;
      return true;
    }
    if (is_final(error)) {
      rows_refused_ += rows;
      if (remarks_.size() < kRemarksMax)
        remarks_.push_back(std::to_string(rows) +
                           " rows are lost, because the service does not take them: " + error.message);
      return true;
    }
    if (waits_for_.empty()) remarks_.push_back("rows wait on the disk: " + error.message);
    waits_for_ = error.message;
    return false;
  }

  std::unique_ptr<spool::Spool> spool_;
  api::ApiStore store_;  ///< The sender's.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::stop_source stop_;  ///< Of the call that is on its way.
  bool is_closing_ = false, is_stopped_ = false, has_ended_ = false;
  std::uint64_t rows_sent_ = 0, rows_refused_ = 0;
  std::string waits_for_;  ///< Why nothing is sent; empty while all is.
  std::vector<std::string> remarks_;
  std::thread sender_;  ///< The last, because it uses the others.
};

Outbox::Outbox(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Outbox::~Outbox() = default;

Result<std::unique_ptr<Outbox>> Outbox::open(const OutboxOptions& options, api::ApiStore store) {
  if (options.bytes_max < kOutboxBytesMin)
    return invalid_argument("an outbox needs " + std::to_string(kOutboxBytesMin >> 20) +
                            " MiB of disk or more");
  spool::SpoolOptions spooling;
  spooling.segment_bytes = std::uint64_t{8} << 20;
  spooling.record_bytes_max = kOutboxRequestBytesMax + 1'024;
  spooling.spool_bytes_max = options.bytes_max;
  spooling.buffer_bytes_max = std::uint64_t{32} << 20;
  OPTIINFRA_TRY(std::unique_ptr<spool::Spool> spool, spool::Spool::open(options.folder, spooling));
  const std::vector<std::string> problems = spool->recovery().problems;
  auto outbox =
      std::unique_ptr<Outbox>(new Outbox(std::make_unique<State>(std::move(spool), std::move(store))));
  for (const std::string& problem : problems) outbox->state_->remark(problem);
  return outbox;
}

Result<void> Outbox::put(Family family, const Uuid& key, std::string_view lines) {
  return state_->put(family, key, lines);
}
OutboxCounts Outbox::counts() const { return state_->counts(); }
std::vector<std::string> Outbox::take_remarks() { return state_->take_remarks(); }
Result<void> Outbox::close(milliseconds patience) { return state_->close(patience); }

}  // namespace optiinfra::agent
