#include "optiinfra/remote_write/gather.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>

#include "metric_names.hpp"
#include "optiinfra/exposition/rows_between.hpp"
#include "optiinfra/exposition/serving_metric.hpp"
#include "target.hpp"

namespace optiinfra::remote_write {
namespace {

constexpr std::chrono::minutes kForgetEvery{10};

/// Of the rows of one table that a target and a time give.
Uuid identity_of_rows(const exposition::SeriesKey& target, std::int64_t time_ms, std::string_view table) {
  const std::uint64_t parts[] = {target.high, target.low, static_cast<std::uint64_t>(time_ms)};
  const XXH128_hash_t hash =
      XXH3_128bits_withSeed(parts, sizeof parts, XXH3_64bits(table.data(), table.size()));
  return {hash.high64, hash.low64};
}

const char* why_labels_are_refused(std::span<const exposition::MetricLabel> labels) {
  const exposition::TextLimits limits;
  if (labels.size() > limits.labels_max) return "a series has too many labels";
  for (const exposition::MetricLabel& each : labels)
    if (each.name.size() > limits.label_name_bytes_max || each.value.size() > limits.label_value_bytes_max)
      return "a label is too long";
  return nullptr;
}

/// What there was when the first of the series began to count that began within kStaleAfter. Where none did,
/// it is too old to be compared with.
exposition::MetricsReading reading_at_beginning(const exposition::MetricsReading& after) {
  const std::int64_t read_ms = unix_milliseconds(after.time);
  const std::int64_t oldest_ms = read_ms - std::chrono::milliseconds(exposition::kStaleAfter).count();
  std::int64_t first_ms = read_ms;
  const auto take = [&](std::optional<std::int64_t> start_ms) {
    if (start_ms && *start_ms >= oldest_ms && *start_ms < first_ms) first_ms = *start_ms;
  };
  for (const exposition::ReadValue& each : after.counters) take(each.start_ms);
  for (const exposition::ReadHistogram& each : after.histograms) take(each.start_ms);
  if (first_ms == read_ms) first_ms = oldest_ms - 1;
  exposition::MetricsReading beginning;
  beginning.time = exposition::sys_milliseconds(std::chrono::milliseconds(first_ms));
  return beginning;
}

}  // namespace

class RemoteWriteGatherer::State {
 public:
  explicit State(const exposition::AliasTable& aliases) : aliases_(aliases), names_(aliases) {}

  bool has_room(std::size_t samples) const {
    return waiting_ == 0 ||
           (waiting_ + samples <= kRemoteSamplesWaitingMax && readings_ <= kRemoteReadingsWaitingMax / 2);
  }

  RemoteWriteAnswer add(const RemoteWriteArrival& arrival, const RemoteWriteRequest& request,
                        const RemoteWriteOrigin& origin) {
    settle(arrival.time);
    arrival_ = arrival;
    RemoteWriteAnswer answer{.samples = request.samples.size(), .histograms = request.native_histograms};
    counts_.exemplars += request.exemplars;
    for (const RemoteSeries& series : request.series) {
      const auto labels = request.labels_of(series);
      const TargetLabels of_target = take_target_labels(labels, labels_);
      if (series.native_histograms != 0)
        counts_.native_histograms.add(of_target.metric, series.native_histograms);
      const auto samples = request.samples_of(series);
      if (!samples.empty()) add_series(of_target, samples, origin, answer);
    }
    answer.samples -= answer.refused;
    answer.is_needed = references_.contains(arrival.record);
    if (!answer.is_needed) released_.push_back(arrival.record);
    return answer;
  }

  void settle(exposition::sys_milliseconds now) {
    while (!due_.empty() && std::get<0>(due_.top()) <= now) {
      const auto [due, key, time_ms] = due_.top();
      due_.pop();
      const auto target = targets_.find(key);
      if (target == targets_.end()) continue;
      const auto open = target->second.open.find(time_ms);
      if (open == target->second.open.end()) continue;
      if (const auto settled = open->second.last_arrival + kRemoteWriteSettle; settled > now) {
        due_.emplace(settled, key, time_ms);
        continue;
      }
      while (!target->second.open.empty() && target->second.open.begin()->first <= time_ms)
        make_first_reading(key, target->second);
    }
    if (now - forgotten_at_ >= kForgetEvery) forget_silent(now);
  }

  std::vector<GatheredRows> take_rows() { return std::exchange(rows_, {}); }
  std::vector<std::uint64_t> take_released() { return std::exchange(released_, {}); }
  const RemoteWriteCounts& counts() const { return counts_; }
  RemoteWriteUsage usage() const {
    return {.targets = targets_.size(), .series = series_, .samples_waiting = waiting_};
  }

 private:
  using Due = std::tuple<exposition::sys_milliseconds, exposition::SeriesKey, std::int64_t>;

  void refuse(const TargetLabels& labels, std::size_t samples, std::string reason,
              RemoteWriteAnswer& answer) {
    counts_.refused.add(reason + ": " + std::string(labels.metric), samples);
    answer.refused += samples;
    if (answer.reason.empty()) answer.reason = std::string(labels.metric) + ": " + std::move(reason);
  }

  void add_series(const TargetLabels& labels, std::span<const RemoteSample> samples,
                  const RemoteWriteOrigin& origin, RemoteWriteAnswer& answer) {
    const KnownName known = names_.of(labels.metric);
    if (known.use == MetricUse::kUnknown) return counts_.unknown.add(labels.metric, samples.size());
    if (known.use == MetricUse::kUnneeded) {
      counts_.unneeded += samples.size();
      return;
    }
    if (const char* const why = why_labels_are_refused(labels_))
      return refuse(labels, samples.size(), why, answer);
    const exposition::SeriesKey key = target_key(labels, origin);
    auto at = targets_.find(key);
    if (at == targets_.end()) {
      // Every exporter tells when its process began, also those of which no row is made.
      if (known.use == MetricUse::kRestart) {
        counts_.unneeded += samples.size();
        return;
      }
      auto owner = owner_of(labels, origin);
      if (!owner) return refuse(labels, samples.size(), std::move(owner).error().message, answer);
      if (targets_.size() >= kRemoteTargetsMax || series_ >= kRemoteSeriesMax)
        return refuse(labels, samples.size(), "there are too many targets and series", answer);
      at = targets_.emplace(key, RemoteTarget{.owner = *std::move(owner)}).first;
    }
    RemoteTarget& target = at->second;
    if (!may_write(origin, target.owner.customer_id))
      return refuse(labels, samples.size(), "this token must not write for that customer", answer);
    if (!is_replica_read(labels, target)) {
      counts_.replicas += samples.size();
      return;
    }
    target.last_arrival = arrival_.time;
    const std::string_view model = known.tells_model ? std::string_view() : labels.model;
    for (const RemoteSample& sample : samples)
      if (const char* const why = add_sample(key, target, labels, model, sample))
        refuse(labels, 1, why, answer);
  }

  /// Two senders that scrape the same targets say the same twice.
  bool is_replica_read(const TargetLabels& labels, RemoteTarget& target) const {
    if (labels.replica == target.replica) return true;
    if (!target.replica.empty() && arrival_.time - target.last_arrival < kReplicaSilence) return false;
    target.replica = labels.replica;
    return true;
  }

  /// Why the sample is refused, or nullptr.
  const char* add_sample(const exposition::SeriesKey& key, RemoteTarget& target, const TargetLabels& labels,
                         std::string_view model, const RemoteSample& sample) {
    if (sample.timestamp_ms <= 0) return "a sample has no time";
    if (sample.timestamp_ms - unix_milliseconds(arrival_.clock) >
        std::chrono::milliseconds(kRemoteSampleAhead).count())
      return "a sample's time lies ahead of this machine's clock";
    if (target.last_time_ms && sample.timestamp_ms <= *target.last_time_ms) {
      ++counts_.late;
      return nullptr;
    }
    auto at = target.open.find(sample.timestamp_ms);
    if (at == target.open.end()) {
      if (readings_ == kRemoteReadingsWaitingMax) return "a request has too many times";
      const exposition::sys_milliseconds time{std::chrono::milliseconds(sample.timestamp_ms)};
      at = target.open
               .emplace(sample.timestamp_ms,
                        OpenReading{.builder = exposition::ReadingBuilder(aliases_, time)})
               .first;
      ++readings_;
      due_.emplace(arrival_.time + kRemoteWriteSettle, key, sample.timestamp_ms);
    }
    OpenReading& open = at->second;
    if (open.samples == kRemoteTargetSamplesMax) return "one target has too many series";
    open.last_arrival = arrival_.time;
    ++open.samples;
    ++waiting_;
    if (open.model.empty()) open.model = model;
    if (open.records.empty() || open.records.back().record != arrival_.record) {
      open.records.push_back({arrival_.record, sample.timestamp_ms});
      ++references_[arrival_.record];
    }
    const auto added = open.builder.add(labels.metric, labels_,
                                        {.value = sample.value,
                                         .start_timestamp_ms = sample.start_timestamp_ms,
                                         .is_delta = labels.are_of_delta()});
    return added ? nullptr : "one target has too many GPUs, engines and models";
  }

  void make_first_reading(const exposition::SeriesKey& key, RemoteTarget& target) {
    auto node = target.open.extract(target.open.begin());
    OpenReading& open = node.mapped();
    const std::int64_t time_ms = node.key();
    target.last_time_ms = time_ms;
    waiting_ -= open.samples;
    --readings_;
    exposition::MetricsReading after = std::move(open.builder).finish();
    counts_.understood += after.understood;
    counts_.absent += after.absent;
    counts_.repeated += after.duplicates;
    ++counts_.readings;
    // Staleness markers alone: the next reading is compared with the last one that said something.
    if (after.gauges.empty() && after.counters.empty() && after.histograms.empty())
      return release(open.records);
    target.owner.model_name = open.model;
    add_rows(key, target, after);
    renew(target, std::move(after), std::move(open.records));
  }

  void add_rows(const exposition::SeriesKey& key, const RemoteTarget& target,
                const exposition::MetricsReading& after) {
    const exposition::MetricsReading* before = target.last.reading();
    exposition::MetricsReading beginning;
    if (before == nullptr || after.time - before->time > exposition::kStaleAfter) {
      beginning = reading_at_beginning(after);
      before = &beginning;
    }
    exposition::RowsBetween between = exposition::rows_between(before, after, aliases_, target.owner);
    counts_.resets += between.resets;
    counts_.first_sights += between.first_sights;
    counts_.changed_buckets += between.changed_buckets;
    if (between.resources.empty() && between.servings.empty()) return;
    const std::int64_t time_ms = unix_milliseconds(after.time);
    GatheredRows rows{.resource_identity = identity_of_rows(key, time_ms, "resource"),
                      .serving_identity = identity_of_rows(key, time_ms, "serving"),
                      .resources = std::move(between.resources)};
    for (const exposition::ServingInterval& each : between.servings)
      rows.servings.push_back(exposition::serving_metric(each, target.owner, after.time));
    rows_.push_back(std::move(rows));
  }

  void renew(RemoteTarget& target, exposition::MetricsReading after, std::vector<HeldRecord> records) {
    const std::int64_t oldest_ms =
        unix_milliseconds(after.time) - std::chrono::milliseconds(exposition::kStaleAfter).count();
    series_ -= target.last.series();
    target.last.renew(std::move(after));
    series_ += target.last.series();
    std::vector<HeldRecord> before = std::exchange(target.records, std::move(records));
    const auto done = std::partition(before.begin(), before.end(), [&](const HeldRecord& each) {
      return target.last.has_older() && each.time_ms >= oldest_ms;
    });
    target.records.insert(target.records.end(), before.begin(), done);
    before.erase(before.begin(), done);
    release(before);
  }

  void release(const std::vector<HeldRecord>& records) {
    for (const HeldRecord& each : records) {
      const auto at = references_.find(each.record);
      if (--at->second != 0) continue;
      references_.erase(at);
      released_.push_back(each.record);
    }
  }

  void forget_silent(exposition::sys_milliseconds now) {
    forgotten_at_ = now;
    std::erase_if(targets_, [&](const auto& each) {
      const RemoteTarget& target = each.second;
      if (!target.open.empty() || now - target.last_arrival < kRemoteTargetSilence) return false;
      series_ -= target.last.series();
      release(target.records);
      return true;
    });
  }

  const exposition::AliasTable& aliases_;
  MetricNames names_;
  std::unordered_map<exposition::SeriesKey, RemoteTarget, exposition::SeriesKeyHash> targets_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  exposition::sys_milliseconds forgotten_at_{};
  std::size_t series_ = 0;
  std::size_t waiting_ = 0;   ///< Samples of readings that are not made yet.
  std::size_t readings_ = 0;  ///< These readings.

  std::vector<GatheredRows> rows_;
  /// In how many readings a record has samples.
  std::unordered_map<std::uint64_t, std::uint32_t> references_;
  std::vector<std::uint64_t> released_;
  RemoteWriteCounts counts_;

  // Of the request that is added.
  RemoteWriteArrival arrival_;
  std::vector<exposition::MetricLabel> labels_;  ///< Of one series, without those of its target.
};

RemoteWriteGatherer::RemoteWriteGatherer(const exposition::AliasTable& aliases)
    : state_(std::make_unique<State>(aliases)) {}
RemoteWriteGatherer::~RemoteWriteGatherer() = default;
RemoteWriteGatherer::RemoteWriteGatherer(RemoteWriteGatherer&&) noexcept = default;
RemoteWriteGatherer& RemoteWriteGatherer::operator=(RemoteWriteGatherer&&) noexcept = default;

bool RemoteWriteGatherer::has_room(std::size_t samples) const { return state_->has_room(samples); }
RemoteWriteAnswer RemoteWriteGatherer::add(const RemoteWriteArrival& arrival,
                                           const RemoteWriteRequest& request,
                                           const RemoteWriteOrigin& origin) {
  return state_->add(arrival, request, origin);
}
void RemoteWriteGatherer::settle(exposition::sys_milliseconds now) { state_->settle(now); }
std::vector<GatheredRows> RemoteWriteGatherer::take_rows() { return state_->take_rows(); }
std::vector<std::uint64_t> RemoteWriteGatherer::take_released() { return state_->take_released(); }
const RemoteWriteCounts& RemoteWriteGatherer::counts() const { return state_->counts(); }
RemoteWriteUsage RemoteWriteGatherer::usage() const { return state_->usage(); }

}  // namespace optiinfra::remote_write
