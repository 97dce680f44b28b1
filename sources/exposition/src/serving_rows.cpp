#include <cmath>
#include <limits>

#include "row_text.hpp"
#include "subject_values.hpp"

namespace optiinfra::exposition {
namespace {

/// The buckets, with all that lay above the last one in one without a bound.
Distribution distribution_of(const HistogramIncrease* increase) {
  if (increase == nullptr || increase->buckets.empty()) return {};
  Distribution result = increase->buckets;
  if (std::isinf(result.back().upper)) return result;
  double counted = 0;
  for (const ReadBucket& each : result) counted += each.cumulative;
  result.push_back(
      {std::numeric_limits<double>::infinity(), std::max(0.0, increase->count.value_or(0) - counted)});
  return result;
}

void set_seconds(const HistogramIncrease* increase, std::optional<double>& seconds,
                 std::optional<double>& count) {
  if (increase == nullptr || !increase->sum || !increase->count) return;
  seconds = non_negative(increase->sum);
  count = increase->count;
}

}  // namespace

std::vector<ServingInterval> serving_rows(const MetricsReading& after,
                                          const std::vector<SubjectValues>& values, const AliasTable& aliases,
                                          const TargetOwner& owner, std::optional<double> seconds) {
  std::vector<ServingInterval> rows;
  for (std::size_t i = 0; i < after.subjects.size(); ++i) {
    const ReadSubject& subject = after.subjects[i];
    const SubjectValues& said = values[i];
    if (subject.kind != QuantitySubject::kEngine || said.is_empty()) continue;
    ServingInterval& row = rows.emplace_back();
    row.instance_id = fitting_text(owner.instance_id);
    row.service_type = aliases.sources()[subject.source].name;
    row.model_name = fitting_text(subject.model.empty() ? owner.model_name : subject.model);
    row.interval_seconds = seconds.value_or(0);
    row.requests_running = non_negative(said[Quantity::kRequestsRunning]);
    row.requests_waiting = non_negative(said[Quantity::kRequestsWaiting]);
    row.kv_cache_utilization = percentage(said[Quantity::kKvCacheUtilization]);
    row.prompt_tokens = said[Quantity::kPromptTokens];
    row.completion_tokens = said[Quantity::kCompletionTokens];
    row.cached_tokens = said[Quantity::kCachedTokens];
    row.preemptions = said[Quantity::kPreemptions];
    row.requests_finished = said[Quantity::kRequestsFinished];
    row.requests_finished_by_length = said[Quantity::kRequestsFinishedByLength];
    row.requests_aborted = said[Quantity::kRequestsAborted];
    row.requests_failed = said[Quantity::kRequestsFailed];
    set_seconds(said.histogram(Quantity::kQueueTime), row.queue_seconds, row.queue_count);
    set_seconds(said.histogram(Quantity::kPrefillTime), row.prefill_seconds, row.prefill_count);
    set_seconds(said.histogram(Quantity::kDecodeTime), row.decode_seconds, row.decode_count);
    row.time_to_first_token = distribution_of(said.histogram(Quantity::kTimeToFirstToken));
    row.inter_token_latency = distribution_of(said.histogram(Quantity::kInterTokenLatency));
    row.latency = distribution_of(said.histogram(Quantity::kLatency));
    row.queue = distribution_of(said.histogram(Quantity::kQueueTime));
  }
  return rows;
}

}  // namespace optiinfra::exposition
