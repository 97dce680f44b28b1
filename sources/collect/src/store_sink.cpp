#include <deque>

#include "optiinfra/collect/sink.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/store/retention.hpp"

namespace optiinfra::collect {
namespace {

using Clock = MetricSource::Clock;

/// Rows are stored in groups of so long.
constexpr std::chrono::seconds kInsertAge{10};
/// How long the last rows may take to be stored when the collector stops.
constexpr std::chrono::seconds kCloseTimeout{30};
constexpr std::chrono::hours kDropExpiredEvery{1};

/// Something to do every so often.
class Every {
 public:
  explicit Every(Clock::duration period) : period_(period) {}

  bool is_due(Clock::time_point at) {
    if (at - last_ < period_) return false;
    last_ = at;
    return true;
  }

 private:
  Clock::duration period_;
  Clock::time_point last_ = Clock::now();
};

/// Samples on their way to the writer. With a spool a sample is on the disk before the next one is taken.
class Samples {
 public:
  Samples(Writer& writer, const StoreSinkOptions& options)
      : writer_(writer),
        level_(options.spool_folder.empty() ? Acknowledgement::kAccepted : Acknowledgement::kSpooled),
        options_(options) {}

  /// Hands over `rows` and those that wait. Errors: only those that waiting does not cure.
  Result<void> add(CollectedRows rows) {
    rows_waiting_ += rows.size();
    waiting_.push_back(std::move(rows));
    while (waiting_.size() > kSamplesWaitingMax ||
           (rows_waiting_ > kCollectedRowsWaitingMax && waiting_.size() > 1)) {
      drop_first();
      ++lost_;
    }
    return hand_over();
  }

  Result<void> hand_over() {
    while (!waiting_.empty()) {
      OPTIINFRA_TRY(const bool is_taken, hand_over(waiting_.front()));
      if (!is_taken) return {};
      drop_first();
    }
    if (!reason_.empty()) options_.remark("samples are taken over again");
    reason_.clear();
    return {};
  }

  std::uint64_t lost() const { return lost_ + waiting_.size(); }
  std::uint64_t refused() const { return refused_; }

 private:
  void drop_first() {
    rows_waiting_ -= waiting_.front().size();
    waiting_.pop_front();
  }

  /// False when the rest of the sample waits.
  Result<bool> hand_over(CollectedRows& rows) {
    OPTIINFRA_TRY(const bool is_taken, write(rows.resources));
    if (!is_taken) return false;
    return write(rows.servings);
  }

  template <typename Row>
  Result<bool> write(std::vector<Row>& rows) {
    if (rows.empty()) return true;
    auto receipt =
        writer_.write<Row>(std::span<const Row>(rows),
                           {.acknowledgement = level_, .on_refused_rows = OnRefusedRows::kStoreOthers});
    if (!receipt) return later(std::move(receipt).error());
    // The writer has the rows now: handed over again, they would count twice.
    rows_waiting_ -= rows.size();
    rows.clear();
    count_refused(*receipt);
    if (auto spooled = receipt->ticket.wait(kCloseTimeout); !spooled)
      return later(std::move(spooled).error());
    return true;
  }

  void count_refused(const WriteReceipt& receipt) {
    if (receipt.refused_rows.empty()) return;
    if (refused_ == 0 && !receipt.refused.empty())
      options_.remark("rows are refused, the first of them because of its column " +
                      receipt.refused.front().column);
    refused_ += receipt.refused_rows.size();
  }

  Result<bool> later(Error error) {
    if (!may_pass(error)) return error;
    if (reason_.empty()) options_.remark("samples wait: " + error.message);
    reason_ = std::move(error.message);
    return false;
  }

  Writer& writer_;
  const Acknowledgement level_;
  const StoreSinkOptions& options_;
  std::deque<CollectedRows> waiting_;
  std::size_t rows_waiting_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t refused_ = 0;
  std::string reason_;  ///< Why samples wait; empty while none does.
};

/// Says once what keeps rows from being stored, and once that they are stored again.
class Complaints {
 public:
  explicit Complaints(const StoreSinkOptions& options) : options_(options) {}

  void look_at(const Writer& writer) {
    const WriterMetrics metrics = writer.metrics();
    const bool waits = !metrics.last_error.empty();
    if (waits && !waits_)
      options_.remark("kept " + std::to_string(metrics.rows_queued) +
                      " rows for later: " + metrics.last_error);
    if (!waits && waits_) options_.remark("rows are stored again");
    waits_ = waits;
  }

 private:
  const StoreSinkOptions& options_;
  bool waits_ = false;
};

Result<Writer> open_writer(const StoreUrl& url, const StoreSinkOptions& options) {
  // A collector has a few rows a second: a day without the store fits.
  return Writer::open(url, {.spool_folder = options.spool_folder,
                            .insert_age = kInsertAge,
                            .senders = 1,
                            .when_full = WhenFull::kTryLater});
}

/// What the store did not take in time stays in the spool, for the next run; without one it is lost.
Result<void> close(Writer& writer, const StoreSinkOptions& options) {
  auto closed = writer.close(kCloseTimeout);
  if (closed || options.spool_folder.empty() || !may_pass(closed.error())) return closed;
  options.remark("rows wait in the spool for the next run with --spool: " + closed.error().message);
  return {};
}

/// A server expires rows by itself, an embedded engine only while it runs. A store that is away, or too full
/// for it, is asked the next time.
Result<void> drop_expired_rows(const StoreUrl& url) {
  if (url.protocol != Protocol::kEmbedded) return {};
  auto client = Client::open(url, {.use_reserve = true});
  auto dropped = client ? client->with_session([](Session& session) -> Result<void> {
    OPTIINFRA_CHECK(store::drop_expired(session, now()));
    return {};
  })
                        : std::move(client).error();
  const bool is_passing = !dropped && (dropped.error().kind == ErrorKind::kUnavailable ||
                                       dropped.error().kind == ErrorKind::kStorage);
  return is_passing ? Result<void>{} : dropped;
}

class StoreSink final : public RowSink {
 public:
  StoreSink(Writer writer, StoreUrl url, StoreSinkOptions options)
      : options_(std::move(options)),
        url_(std::move(url)),
        writer_(std::move(writer)),
        samples_(writer_, options_),
        complaints_(options_) {}

  Result<void> add(CollectedRows rows) override {
    OPTIINFRA_CHECK(samples_.add(std::move(rows)));
    complaints_.look_at(writer_);
    return {};
  }

  Result<void> work() override {
    return expire_.is_due(Clock::now()) ? drop_expired_rows(url_) : Result<void>{};
  }

  Result<SinkTotals> close() override {
    OPTIINFRA_CHECK(samples_.hand_over());
    if (samples_.lost() != 0)
      options_.remark(std::to_string(samples_.lost()) + " samples are lost: there was no room for them");
    OPTIINFRA_CHECK(collect::close(writer_, options_));
    const SinkTotals totals{writer_.metrics().rows_stored, samples_.refused()};
    OPTIINFRA_CHECK(drop_expired_rows(url_));
    return totals;
  }

 private:
  const StoreSinkOptions options_;
  const StoreUrl url_;
  Writer writer_;
  Samples samples_;
  Complaints complaints_;
  Every expire_{kDropExpiredEvery};
};

}  // namespace

bool may_pass(const Error& error) noexcept {
  return is_retryable(error) || error.kind == ErrorKind::kStorage;
}

Result<std::unique_ptr<RowSink>> open_store_sink(const StoreUrl& url, StoreSinkOptions options) {
  OPTIINFRA_TRY(Writer writer, open_writer(url, options));
  for (const std::string& problem : writer.metrics().spool_problems) options.remark(problem);
  return std::unique_ptr<RowSink>(std::make_unique<StoreSink>(std::move(writer), url, std::move(options)));
}

}  // namespace optiinfra::collect
