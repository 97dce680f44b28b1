/// @file optiinfra/client/answers.hpp
/// What the questions of the client are answered with. All times are UTC; an hour is named by its start.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

struct CostHour {
  sys_seconds hour;
  std::string cloud_provider;
  std::string service_name;
  double total_cost = 0;       ///< Currency units.
  double avg_utilization = 0;  ///< Percent.
  std::uint64_t sample_count = 0;
};

/// One service over one window. Without requests in the window: zeros, and total_requests 0.
struct PerformanceSummary {
  TimeRange window;  ///< What the numbers cover, exactly.
  double avg_latency_ms = 0;
  double p50_latency_ms = 0;  ///< Percentiles are within 1 % of the true value.
  double p90_latency_ms = 0;
  double p95_latency_ms = 0;
  double p99_latency_ms = 0;
  double min_latency_ms = 0;
  double max_latency_ms = 0;
  double avg_throughput = 0;  ///< Tokens per second of one request.
  double avg_gpu_utilization = 0;
  double avg_kv_cache_utilization = 0;
  double avg_batch_size = 0;
  std::uint64_t total_requests = 0;
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t total_tokens = 0;

  double requests_per_second() const noexcept;  ///< Over the whole window.
  double tokens_per_second() const noexcept;    ///< Over the whole window.
};

/// One instance, all of its GPUs, over one window. Without samples: zeros, and sample_count 0.
struct ResourceSummary {
  TimeRange window;
  double avg_gpu_utilization = 0;
  double max_gpu_utilization = 0;
  double avg_gpu_memory_mb = 0;
  double max_gpu_memory_mb = 0;
  double max_gpu_temperature = 0;
  double avg_cpu_utilization = 0;
  double max_cpu_utilization = 0;
  double avg_memory_gb = 0;
  double avg_network_rx_mbps = 0;
  double avg_network_tx_mbps = 0;
  std::uint64_t sample_count = 0;
};

struct QualityHour {
  sys_seconds hour;
  double avg_quality = 0;
  double avg_relevance = 0;
  double avg_coherence = 0;
  double avg_factuality = 0;
  double avg_toxicity = 0;
  std::uint64_t hallucinations = 0;
  std::uint64_t total_requests = 0;
};

struct QualityTrend {
  TimeRange window;
  std::vector<QualityHour> hours;  ///< By hour; hours without answers are absent.
};

/// A model that served requests in the window.
struct ModelUsage {
  std::string service_type;
  std::string model_name;
  PerformanceSummary performance;
};

/// How long the buckets of a series are. A week starts on Monday.
enum class Bucket { kHour, kDay, kWeek };

struct PerformancePoint {
  sys_seconds begin;  ///< Of the bucket; its window is cut to the range asked for.
  PerformanceSummary summary;
};

struct ResourcePoint {
  sys_seconds begin;
  ResourceSummary summary;
};

/// What cost is added up by.
enum class CostDimension { kProvider, kService, kRegion, kInstanceType };

struct CostPoint {
  sys_seconds begin;
  std::string group;  ///< A provider, a service, a region or an instance type.
  double total_cost = 0;
  double avg_utilization = 0;
  std::uint64_t sample_count = 0;
};

}  // namespace optiinfra
