/// @file optiinfra/exposition/rows_between.hpp
/// From two readings of one target to rows: what was so at the second, and what happened between them.
///
/// - A gauge is taken as it is at the second reading.
/// - A counter's increase is the difference; where it started again, which a smaller value or another start
/// time
///   tells, it is what it has counted since. At first sight it is no increase, unless its start time says
///   that it began to count after the first reading.
/// - A histogram likewise. Where its bounds have changed, its sum and count are still compared, and the
/// interval has
///   no distribution.
/// - What was not measured is absent, and so is the row of something of which nothing was measured.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/exposition/reading.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::exposition {

/// Whose the target is.
struct TargetOwner {
  Uuid customer_id;
  Uuid service_id;
  std::string instance_id;
  /// Whether `instance_id` was chosen for the target. Otherwise it is its address, and a name that the
  /// metrics have for their host goes before it.
  bool is_instance_chosen = false;
  std::string instance_type = {};
  std::string model_name = {};  ///< For engines that do not tell it.
};

/// How many observations lay within each bound: increases of each bucket alone, by ascending bound in
/// seconds, the last one infinite. Empty: not measured.
using Distribution = std::vector<ReadBucket>;

/// What one engine did in one interval: a row of serving_metrics_ts.
struct ServingInterval {
  std::string instance_id;
  std::string service_type;  ///< The source's name: "vllm".
  std::string model_name;
  double interval_seconds = 0;  ///< 0: there is no earlier reading, and no increase.
  std::optional<double> requests_running, requests_waiting, kv_cache_utilization;
  std::optional<double> prompt_tokens, completion_tokens, cached_tokens, preemptions;
  std::optional<double> requests_finished, requests_finished_by_length, requests_aborted, requests_failed;
  std::optional<double> queue_seconds, queue_count, prefill_seconds, prefill_count, decode_seconds,
      decode_count;
  Distribution time_to_first_token, inter_token_latency, latency, queue;
};

struct RowsBetween {
  std::vector<ResourceMetric> resources;
  std::vector<ServingInterval> servings;
  std::uint64_t resets = 0;           ///< Series that started again.
  std::uint64_t first_sights = 0;     ///< Series that had no value before.
  std::uint64_t changed_buckets = 0;  ///< Histograms without a distribution for this interval.
};

/// `before` is nullptr for the first reading. One that is older than kStaleAfter, or not older than `after`,
/// counts as none. Both were read with the same `aliases`.
RowsBetween rows_between(const MetricsReading* before, const MetricsReading& after, const AliasTable& aliases,
                         const TargetOwner& owner);

}  // namespace optiinfra::exposition
