#include "families.hpp"

namespace optiinfra {

using enum Aggregate;

FamilyDefinition serving_family() {
  const auto average = [](const char* name, const char* column, const char* unit, const char* key,
                          const char* heading) {
    return MeasureDefinition{name, kAverage, {column}, "Float32", unit, key, heading};
  };
  const auto highest = [](const char* name, const char* column, const char* unit, const char* key,
                          const char* heading) {
    return MeasureDefinition{name, kMaximum, {column}, "Float32", unit, key, heading};
  };
  const auto total = [](const char* name, const char* column, const char* unit, const char* heading) {
    return MeasureDefinition{name, kSum, {column}, "UInt64", unit, name, heading};
  };
  const auto seconds = [](const char* name, const char* column, const char* heading) {
    return MeasureDefinition{name, kSum, {column}, "Float64", "s", name, heading};
  };
  const auto percentiles = [](const char* name, const char* column, const char* reads_as, const char* key,
                              const char* heading) {
    return MeasureDefinition{.name = name,
                             .aggregate = kBuckets,
                             .source = {.column = column},
                             .value_type = "Map(UInt64, UInt64)",
                             .unit = "ms",
                             .key = key,
                             .heading = heading,
                             .reads_as = reads_as};
  };
  return {
      .raw_key = {"customer_id", "service_id", "timestamp", "instance_id"},
      .rollup_key = {"customer_id", "service_id", "hour", "instance_id", "service_type", "model_name"},
      .placement_column = "service_id",
      // Requests have some of these measures, too: what the engine says of itself is called so.
      .measures = {average("avg_requests_running", "requests_running", "requests", "avg_requests_running",
                           "requests running, average"),
                   highest("max_requests_running", "requests_running", "requests", "max_requests_running",
                           "requests running, highest"),
                   average("avg_requests_waiting", "requests_waiting", "requests", "avg_requests_waiting",
                           "requests waiting, average"),
                   highest("max_requests_waiting", "requests_waiting", "requests", "max_requests_waiting",
                           "requests waiting, highest"),
                   average("avg_engine_kv_cache_util", "kv_cache_utilization", "percent",
                           "avg_engine_kv_cache_utilization", "KV cache in use, average"),
                   highest("max_engine_kv_cache_util", "kv_cache_utilization", "percent",
                           "max_engine_kv_cache_utilization", "KV cache in use, highest"),
                   total("engine_prompt_tokens", "prompt_tokens", "tokens", "prompt tokens, by the engine"),
                   total("engine_completion_tokens", "completion_tokens", "tokens",
                         "completion tokens, by the engine"),
                   total("engine_cached_tokens", "cached_tokens", "tokens", "cached tokens, by the engine"),
                   total("preemptions", "preemptions", "requests", "preemptions"),
                   total("requests_finished", "requests_finished", "requests", "requests finished"),
                   total("requests_finished_by_length", "requests_finished_by_length", "requests",
                         "requests finished by length"),
                   total("requests_aborted", "requests_aborted", "requests", "requests aborted"),
                   total("requests_failed", "requests_failed", "requests", "requests failed"),
                   seconds("queue_seconds", "queue_seconds", "time in the queue, all requests"),
                   total("queue_count", "queue_count", "requests", "requests with a time in the queue"),
                   seconds("prefill_seconds", "prefill_seconds", "prefill, all requests"),
                   total("prefill_count", "prefill_count", "requests", "requests with a prefill"),
                   seconds("decode_seconds", "decode_seconds", "decode, all requests"),
                   total("decode_count", "decode_count", "requests", "requests with a decode"),
                   percentiles("time_to_first_token_buckets", "time_to_first_token_histogram",
                               "engine_time_to_first_token", "engine_time_to_first_token_ms",
                               "time to first token, by the engine"),
                   percentiles("inter_token_latency_buckets", "inter_token_latency_histogram",
                               "engine_inter_token_latency", "engine_inter_token_latency_ms",
                               "inter-token latency, by the engine"),
                   percentiles("latency_buckets", "latency_histogram", "engine_latency", "engine_latency_ms",
                               "latency, by the engine"),
                   percentiles("queue_buckets", "queue_histogram", "engine_queue", "engine_queue_ms",
                               "time in the queue, by the engine"),
                   seconds("covered_seconds", "interval_seconds", "time covered, all instances"),
                   {"interval_count", kCount, {}, "UInt64", "rows", "interval_count", "intervals"}},
      .rates = {{"finished_per_second", "requests_finished", "requests/s", "requests finished", 3},
                {"engine_tokens_per_second", "engine_completion_tokens", "tokens/s", "tokens generated", 1}},
      .raw_retention = std::chrono::days{30},
      .rollup_granularity = 1024};
}

}  // namespace optiinfra
