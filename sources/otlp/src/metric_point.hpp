/// Data points of metrics as they are read, whatever their encoding.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "record.hpp"

namespace optiinfra::otlp {

enum class PointKind { kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };

/// What all points of a metric share.
struct MetricInfo {
  std::string name;
  std::string unit;  ///< UCUM, such as "s" or "By"; empty when the sender does not tell.
  PointKind kind = PointKind::kGauge;
  bool is_monotonic = false;  ///< Of a sum: it only grows until it starts again.
  bool is_delta = false;      ///< Points hold what came since their start, not all since the process' start.
};

/// Counts of the buckets `offset`, `offset` + 1, ...: bucket i holds values in (base^i, base^(i+1)], where
/// base is 2^(2^-scale).
struct ExponentialBuckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts = {};
};

struct MetricPoint {
  Attributes attributes = {};
  std::uint64_t start_ns = 0, time_ns = 0;  ///< Since 1970; 0: not told.
  bool is_absent = false;                   ///< The sender says that there is no value now.
  double value = 0;                         ///< Of gauges and sums.

  // Of histograms and summaries.
  std::uint64_t count = 0;
  std::optional<double> sum = {};
  std::vector<double> bounds = {};         ///< Upper and inclusive, ascending.
  std::vector<std::uint64_t> counts = {};  ///< One more than bounds, or none.
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  ExponentialBuckets positive = {}, negative = {};
};

/// One call for each point, in order.
using OnPoint = std::function<void(const Resource& resource, const MetricInfo& metric, MetricPoint& point)>;

Result<void> read_metrics_protobuf(std::string_view body, const OnPoint& on_point);
Result<void> read_metrics_json(std::string_view body, const OnPoint& on_point);

}  // namespace optiinfra::otlp
