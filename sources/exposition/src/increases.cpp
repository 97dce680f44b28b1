#include "increases.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace optiinfra::exposition {
namespace {

/// Start times that are computed from the time since boot differ by so much from one text to the next.
constexpr std::int64_t kStartJitterMs = 2'000;

bool differs(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
  return a && b && std::abs(*a - *b) > kStartJitterMs;
}

std::span<const ReadBucket> buckets_of(const MetricsReading& reading, const ReadHistogram& histogram) {
  return std::span(reading.buckets).subspan(histogram.begin, histogram.end - histogram.begin);
}

bool have_same_bounds(std::span<const ReadBucket> a, std::span<const ReadBucket> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ReadBucket& x, const ReadBucket& y) { return x.upper == y.upper; });
}

bool has_decreased(std::span<const ReadBucket> before, std::span<const ReadBucket> after) {
  for (std::size_t i = 0; i < after.size(); ++i)
    if (after[i].cumulative < before[i].cumulative) return true;
  return false;
}

/// From cumulative counts to those of each bucket alone. `before` is empty or has the same bounds.
std::vector<ReadBucket> apart(std::span<const ReadBucket> before, std::span<const ReadBucket> after) {
  std::vector<ReadBucket> result;
  result.reserve(after.size());
  double below = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const double gained = after[i].cumulative - (before.empty() ? 0 : before[i].cumulative);
    // An exporter that writes while it counts can be one ahead in a lower bucket.
    result.push_back({after[i].upper, std::max(0.0, gained - below)});
    below = std::max(below, gained);
  }
  return result;
}

std::optional<double> difference(std::optional<double> before, std::optional<double> after) {
  if (!before || !after || *after < *before) return std::nullopt;
  return *after - *before;
}

}  // namespace

template <typename Series>
const Series* Increases::Finder<Series>::find(const SeriesKey& key) {
  if (before_ == nullptr) return nullptr;
  if (next_ < before_->size() && (*before_)[next_].key == key) return &(*before_)[next_++];
  if (by_key_.empty()) {
    by_key_.resize(before_->size());
    std::iota(by_key_.begin(), by_key_.end(), 0U);
    std::sort(by_key_.begin(), by_key_.end(),
              [this](std::uint32_t a, std::uint32_t b) { return (*before_)[a].key < (*before_)[b].key; });
  }
  const auto at =
      std::lower_bound(by_key_.begin(), by_key_.end(), key,
                       [this](std::uint32_t a, const SeriesKey& b) { return (*before_)[a].key < b; });
  if (at == by_key_.end() || (*before_)[*at].key != key) return nullptr;
  next_ = *at + std::size_t{1};
  return &(*before_)[*at];
}

Increases::Increases(const MetricsReading* before, const MetricsReading& after)
    : before_(before),
      after_(after),
      process_restarted_(before != nullptr && differs(before->process_start_ms, after.process_start_ms)),
      counters_(before == nullptr ? nullptr : &before->counters),
      histograms_(before == nullptr ? nullptr : &before->histograms) {}

/// Engines count in their own process. What exporters tell outlives them: the kernel and the GPU count there.
bool Increases::has_restarted(const ReadSeries& after, std::optional<std::int64_t> start_before,
                              std::optional<std::int64_t> start_after) const {
  if (start_before && start_after) return *start_before != *start_after;
  return process_restarted_ && after_.subjects[after.subject].kind == QuantitySubject::kEngine;
}

/// Only then is the whole value an increase of a series that was not there before.
bool Increases::began_since(std::optional<std::int64_t> start) const {
  return before_ != nullptr && start && *start >= before_->time.time_since_epoch().count();
}

std::optional<double> Increases::of_counter(std::size_t index) {
  const ReadValue& after = after_.counters[index];
  if (after.is_delta) return after.value;
  const ReadValue* const before = counters_.find(after.key);
  if (before == nullptr) {
    if (began_since(after.start_ms)) return after.value;
    ++counts_.first_sights;
    return std::nullopt;
  }
  if (after.value < before->value || has_restarted(after, before->start_ms, after.start_ms)) {
    ++counts_.resets;
    return after.value;
  }
  return after.value - before->value;
}

std::optional<HistogramIncrease> Increases::of_histogram(std::size_t index) {
  const ReadHistogram& after = after_.histograms[index];
  const ReadHistogram* const before = histograms_.find(after.key);
  const auto now = buckets_of(after_, after);
  if (after.is_delta) return HistogramIncrease{apart({}, now), after.sum, after.count};
  if (before == nullptr) {
    if (began_since(after.start_ms)) return HistogramIncrease{apart({}, now), after.sum, after.count};
    ++counts_.first_sights;
    return std::nullopt;
  }
  const auto then = buckets_of(*before_, *before);
  const bool is_comparable = have_same_bounds(then, now);
  if (has_restarted(after, before->start_ms, after.start_ms) || after.count < before->count ||
      (is_comparable && has_decreased(then, now))) {
    ++counts_.resets;
    return HistogramIncrease{apart({}, now), after.sum, after.count};
  }
  HistogramIncrease increase{{}, difference(before->sum, after.sum), difference(before->count, after.count)};
  if (is_comparable) {
    increase.buckets = apart(then, now);
  } else {
    ++counts_.changed_buckets;
  }
  return increase;
}

}  // namespace optiinfra::exposition
