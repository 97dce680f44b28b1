#include "families.hpp"

namespace optiinfra {

using enum Aggregate;

FamilyDefinition cost_family() {
  return {
      .raw_key = {"customer_id", "cloud_provider", "timestamp"},
      .rollup_key = {"customer_id", "hour", "cloud_provider", "service_name"},
      .placement_column = "service_name",
      .measures = {{"total_cost", kSum, {"cost_per_hour"}, "Float64", "currency", "total_cost", "cost", 2},
                   {"spot_cost",
                    kSum,
                    {"cost_per_hour", "is_spot"},
                    "Float64",
                    "currency",
                    "spot_cost",
                    "spot cost",
                    2,
                    "spot capacity"},
                   {"reserved_cost",
                    kSum,
                    {"cost_per_hour", "is_reserved"},
                    "Float64",
                    "currency",
                    "reserved_cost",
                    "reserved cost",
                    2,
                    "reserved capacity"},
                   {"avg_utilization",
                    kAverage,
                    {"utilization_percent"},
                    "Float32",
                    "percent",
                    "avg_utilization",
                    "utilization"},
                   {"min_utilization",
                    kMinimum,
                    {"utilization_percent"},
                    "Float32",
                    "percent",
                    "min_utilization",
                    "lowest utilization"},
                   {"max_utilization",
                    kMaximum,
                    {"utilization_percent"},
                    "Float32",
                    "percent",
                    "max_utilization",
                    "highest utilization"},
                   {"sample_count", kCount, {}, "UInt64", "rows", "sample_count", "samples"}},
      .raw_retention = std::chrono::days{90},
      .rollup_granularity = 1024};
}

}  // namespace optiinfra
