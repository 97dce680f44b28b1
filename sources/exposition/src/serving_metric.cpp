#include "optiinfra/exposition/serving_metric.hpp"

#include <algorithm>
#include <cmath>

#include "row_text.hpp"

namespace optiinfra::exposition {
namespace {

std::uint64_t microseconds_of(double seconds) {
  const double us = std::round(seconds * 1e6);
  if (!(us <= static_cast<double>(kBoundUsMax))) return kUnboundedUs;
  return us <= 0 ? 0 : static_cast<std::uint64_t>(us);
}

std::uint64_t bucket_count(double count) {
  return static_cast<std::uint64_t>(std::clamp(std::round(count), 0.0, 1e17));
}

/// Joins each bucket of an even place with the one above it.
void halve(Histogram& histogram) {
  Histogram joined;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    const bool joins = i % 2 == 0 && i + 2 < histogram.size();  // The last one keeps its own bound.
    if (joins) {
      histogram[i + 1].count += histogram[i].count;
    } else {
      joined.push_back(histogram[i]);
    }
  }
  histogram = std::move(joined);
}

}  // namespace

Histogram histogram_of(const Distribution& distribution) {
  Histogram histogram;
  for (const ReadBucket& each : distribution) {
    const std::uint64_t upper = microseconds_of(each.upper);
    if (!histogram.empty() && histogram.back().upper_us == upper) {
      histogram.back().count += bucket_count(each.cumulative);
    } else {
      histogram.push_back({upper, bucket_count(each.cumulative)});
    }
  }
  while (histogram.size() > kHistogramBucketsMax) halve(histogram);
  return histogram;
}

ServingMetric serving_metric(const ServingInterval& interval, const TargetOwner& owner,
                             sys_milliseconds time) {
  ServingMetric row;
  row.timestamp = std::chrono::floor<std::chrono::seconds>(time);
  row.customer_id = owner.customer_id;
  row.service_id = owner.service_id;
  row.instance_id = interval.instance_id;
  row.service_type = interval.service_type;
  row.model_name = interval.model_name;
  row.interval_seconds = static_cast<float>(interval.interval_seconds);
  row.requests_running = as_float(interval.requests_running);
  row.requests_waiting = as_float(interval.requests_waiting);
  row.kv_cache_utilization = as_float(interval.kv_cache_utilization);
  row.prompt_tokens = as_count(interval.prompt_tokens);
  row.completion_tokens = as_count(interval.completion_tokens);
  row.cached_tokens = as_count(interval.cached_tokens);
  row.preemptions = as_count(interval.preemptions);
  row.requests_finished = as_count(interval.requests_finished);
  row.requests_finished_by_length = as_count(interval.requests_finished_by_length);
  row.requests_aborted = as_count(interval.requests_aborted);
  row.requests_failed = as_count(interval.requests_failed);
  row.queue_seconds = interval.queue_seconds;
  row.queue_count = as_count(interval.queue_count);
  row.prefill_seconds = interval.prefill_seconds;
  row.prefill_count = as_count(interval.prefill_count);
  row.decode_seconds = interval.decode_seconds;
  row.decode_count = as_count(interval.decode_count);
  row.time_to_first_token_histogram = histogram_text(histogram_of(interval.time_to_first_token));
  row.inter_token_latency_histogram = histogram_text(histogram_of(interval.inter_token_latency));
  row.latency_histogram = histogram_text(histogram_of(interval.latency));
  row.queue_histogram = histogram_text(histogram_of(interval.queue));
  row.source = interval.service_type;
  return row;
}

}  // namespace optiinfra::exposition
