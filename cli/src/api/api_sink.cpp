#include "api/api_sink.hpp"

#include <deque>

#include "interrupt.hpp"
#include "optiinfra/api/insert.hpp"
#include "optiinfra/rows/encode.hpp"

namespace optiinfra::cli {
namespace {

using Clock = collect::MetricSource::Clock;

/// Rows are sent in groups of so long.
constexpr std::chrono::seconds kSendAge{10};
/// For a service that does not answer, while samples wait to be taken.
constexpr std::chrono::seconds kSendTimeout{5};
/// How long the service may take for the last rows when the collector stops.
constexpr std::chrono::seconds kCloseTimeout{30};

bool unless_interrupted(std::chrono::milliseconds pause) {
  InterruptGuard::sleep_until(Clock::now() + pause);
  return !InterruptGuard::is_requested();
}

/// The rows of one family on their way: a request is repeated, under its key, until the service has it.
template <typename Row>
class Sending {
 public:
  void add(std::vector<Row> rows) {
    if (rows.empty()) return;
    waiting_.push_back(std::move(rows));
    if (waiting_.size() <= collect::kSamplesWaitingMax) return;
    waiting_.pop_front();
    ++lost_;
  }

  bool is_empty() const { return waiting_.empty() && text_.empty(); }
  std::uint64_t lost() const { return lost_; }

  Result<void> send(api::ApiStore& store, std::chrono::seconds patience, collect::SinkTotals& totals) {
    while (!is_empty()) {
      if (text_.empty()) begin_request();
      OPTIINFRA_TRY(const api::Inserted inserted,
                    api::insert_rows(store, MetricTraits<Row>::kFamily, "application/x-ndjson", key_, text_,
                                     {.call = kSendTimeout, .all = patience, .pause = unless_interrupted}));
      text_.clear();
      totals.rows_stored += inserted.accepted + inserted.duplicates;
      const bool is_first = totals.rows_refused == 0 && inserted.rejected != 0;
      totals.rows_refused += inserted.rejected;
      if (is_first && !inserted.refused.empty()) refusal_ = inserted.refused.front().to_string();
    }
    return {};
  }

  /// Why the service refused the first row of all; empty when it did not, or when it was taken before.
  std::string take_refusal() { return std::exchange(refusal_, {}); }

 private:
  void begin_request() {
    for (const auto& rows : waiting_)
      for (const Row& row : rows) rows::append_json_line(text_, row);
    waiting_.clear();
    key_ = Uuid::random();
  }

  std::deque<std::vector<Row>> waiting_;
  std::string text_;  ///< What is being sent; empty when the service has all that was sent.
  Uuid key_;
  std::uint64_t lost_ = 0;
  std::string refusal_;
};

class ApiSink final : public collect::RowSink {
 public:
  ApiSink(api::ApiStore store, collect::Remark remark)
      : store_(std::move(store)), remark_(std::move(remark)) {}

  Result<void> add(collect::CollectedRows rows) override {
    resources_.add(std::move(rows.resources));
    servings_.add(std::move(rows.servings));
    return {};
  }

  Result<void> work() override {
    if (Clock::now() - sent_ < kSendAge) return {};
    sent_ = Clock::now();
    return send(std::chrono::seconds{0});
  }

  Result<collect::SinkTotals> close() override {
    OPTIINFRA_CHECK(send(kCloseTimeout));
    if (resources_.lost() + servings_.lost() != 0 || !resources_.is_empty() || !servings_.is_empty())
      remark_("samples are lost, because the service did not take them: " + reason_);
    return totals_;
  }

 private:
  Result<void> send(std::chrono::seconds patience) {
    auto sent = resources_.send(store_, patience, totals_);
    if (sent) sent = servings_.send(store_, patience, totals_);
    for (const std::string& refusal : {resources_.take_refusal(), servings_.take_refusal()})
      if (!refusal.empty()) remark_("the service refuses rows: " + refusal);
    if (!sent && !collect::may_pass(sent.error())) return sent;
    if (!sent && reason_.empty()) remark_("samples wait: " + sent.error().message);
    if (sent && !reason_.empty()) remark_("samples are taken over again");
    reason_ = sent ? "" : sent.error().message;
    return {};
  }

  api::ApiStore store_;
  const collect::Remark remark_;
  Sending<ResourceMetric> resources_;
  Sending<ServingMetric> servings_;
  collect::SinkTotals totals_;
  std::string reason_;  ///< Why samples wait; empty while none does.
  Clock::time_point sent_ = Clock::now();
};

}  // namespace

std::unique_ptr<collect::RowSink> make_api_sink(api::ApiStore store, collect::Remark remark) {
  return std::make_unique<ApiSink>(std::move(store), std::move(remark));
}

}  // namespace optiinfra::cli
