/// @file optiinfra/client/answers.hpp
/// The answers to the client's questions. All times are UTC; an hour is named by its start.
///
/// Every answer has the window that its numbers cover, which is the requested one unless the question says
/// otherwise. A number is absent when there is nothing to compute it from: a window without rows has no
/// average, and neither has a window whose rows all lack the value. A count of rows is then 0. A sum of
/// counted things, such as tokens, is 0 without rows, and absent when there are rows that all lack the value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

struct CostHour {
  sys_seconds hour;
  std::string cloud_provider;
  std::string service_name;
  std::string currency;                   ///< Empty when not stated. An hour has one entry for each currency.
  std::optional<double> total_cost;       ///< Currency units.
  std::optional<double> avg_utilization;  ///< Percent.
  std::uint64_t sample_count = 0;
};

struct CostHours {
  TimeRange window;
  std::vector<CostHour> hours;  ///< By hour, provider and service; hours without cost are left out.
};

/// One service over one window.
struct PerformanceSummary {
  TimeRange window;
  std::uint64_t total_requests = 0;
  std::optional<double> avg_latency_ms;
  std::optional<double> p50_latency_ms;  ///< Percentiles are within 1 % of the true value.
  std::optional<double> p90_latency_ms;
  std::optional<double> p95_latency_ms;
  std::optional<double> p99_latency_ms;
  std::optional<double> min_latency_ms;
  std::optional<double> max_latency_ms;
  std::optional<double> avg_throughput;  ///< Tokens per second of one request.
  std::optional<double> avg_gpu_utilization;
  std::optional<double> avg_kv_cache_utilization;
  std::optional<double> avg_batch_size;
  std::optional<std::uint64_t> prompt_tokens;
  std::optional<std::uint64_t> completion_tokens;
  std::optional<std::uint64_t> total_tokens;

  double requests_per_second() const noexcept;               ///< Over the whole window.
  std::optional<double> tokens_per_second() const noexcept;  ///< Over the whole window.
};

/// One instance, all of its GPUs, over one window.
struct ResourceSummary {
  TimeRange window;
  std::uint64_t sample_count = 0;
  std::optional<double> avg_gpu_utilization;
  std::optional<double> max_gpu_utilization;
  std::optional<double> avg_gpu_memory_mb;
  std::optional<double> max_gpu_memory_mb;
  std::optional<double> max_gpu_temperature;
  std::optional<double> avg_cpu_utilization;
  std::optional<double> max_cpu_utilization;
  std::optional<double> avg_memory_gb;
  std::optional<double> avg_network_rx_mbps;
  std::optional<double> avg_network_tx_mbps;
};

struct QualityHour {
  sys_seconds hour;
  std::optional<double> avg_quality;
  std::optional<double> avg_relevance;
  std::optional<double> avg_coherence;
  std::optional<double> avg_factuality;
  std::optional<double> avg_toxicity;
  std::optional<std::uint64_t> hallucinations;
  std::uint64_t total_requests = 0;
};

struct QualityTrend {
  TimeRange window;
  std::vector<QualityHour> hours;  ///< By hour; hours without answers are left out.
};

/// A model that served requests in the window.
struct ModelUsage {
  std::string service_type;
  std::string model_name;
  PerformanceSummary performance;
};

struct ServiceModels {
  TimeRange window;
  std::vector<ModelUsage> models;  ///< The busiest first.
};

struct PerformancePoint {
  sys_seconds begin;  ///< Of the bucket. The summary's window is the part of it that the numbers cover.
  PerformanceSummary summary;
};

struct ResourcePoint {
  sys_seconds begin;
  ResourceSummary summary;
};

/// How cost is grouped before it is added up.
enum class CostDimension { kProvider, kService, kRegion, kInstanceType };

struct CostPoint {
  sys_seconds begin;
  TimeRange window;      ///< The part of the bucket that the numbers cover.
  std::string group;     ///< A provider, a service, a region or an instance type.
  std::string currency;  ///< As CostHour's.
  std::optional<double> total_cost;
  std::optional<double> avg_utilization;
  std::uint64_t sample_count = 0;
};

}  // namespace optiinfra
