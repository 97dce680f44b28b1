#include "families.hpp"

namespace optiinfra {

using enum Aggregate;

FamilyDefinition performance_family() {
  return {
      .raw_key = {"customer_id", "service_id", "timestamp"},
      .rollup_key = {"customer_id", "service_id", "hour", "service_type", "model_name"},
      .placement_column = "service_id",
      .measures =
          {{"avg_latency", kAverage, {"latency_ms"}, "Float32", "ms", "avg_latency_ms", "average latency"},
           {"min_latency", kMinimum, {"latency_ms"}, "Float32", "ms", "min_latency_ms", "shortest latency"},
           {"max_latency", kMaximum, {"latency_ms"}, "Float32", "ms", "max_latency_ms", "longest latency"},
           {.name = "latency_ns_quantiles",
            .aggregate = kSketch,
            .source = {.column = "latency_ms", .scale = 1'000'000},
            .value_type = "Float64",
            .unit = "ms",
            .key = "latency_ms",
            .heading = "latency",
            .reads_as = "latency"},
           {"avg_throughput",
            kAverage,
            {"throughput_tokens_per_sec"},
            "Float32",
            "tokens/s",
            "avg_throughput",
            "throughput of a request",
            1,
            "of one request"},
           {"avg_gpu_util",
            kAverage,
            {"gpu_utilization"},
            "Float32",
            "percent",
            "avg_gpu_utilization",
            "GPU utilization"},
           {"avg_kv_cache_util",
            kAverage,
            {"kv_cache_utilization"},
            "Float32",
            "percent",
            "avg_kv_cache_utilization",
            "KV cache in use"},
           {"avg_batch_size", kAverage, {"batch_size"}, "UInt32", "requests", "avg_batch_size", "batch size"},
           {"prompt_tokens", kSum, {"prompt_tokens"}, "UInt64", "tokens", "prompt_tokens", "prompt tokens"},
           {"completion_tokens",
            kSum,
            {"completion_tokens"},
            "UInt64",
            "tokens",
            "completion_tokens",
            "completion tokens"},
           {"total_tokens", kSum, {"total_tokens"}, "UInt64", "tokens", "total_tokens", "tokens"},
           {"request_count", kCount, {}, "UInt64", "requests", "total_requests", "requests"}},
      .rates = {{"requests_per_second", "request_count", "requests/s", "request rate", 3},
                {"tokens_per_second", "total_tokens", "tokens/s", "token rate", 1}},
      .raw_retention = std::chrono::days{30},
      .rollup_granularity = 256};
}

}  // namespace optiinfra
