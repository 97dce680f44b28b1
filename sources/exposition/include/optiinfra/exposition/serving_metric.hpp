/// @file optiinfra/exposition/serving_metric.hpp
/// A serving interval as a row of serving_metrics_ts.
#pragma once

#include "optiinfra/exposition/rows_between.hpp"
#include "optiinfra/schema/histogram.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::exposition {

/// Bounds in whole microseconds. Of more than kHistogramBucketsMax buckets neighbours are joined.
Histogram histogram_of(const Distribution& distribution);

/// The row of `interval`, which ended at `time`.
ServingMetric serving_metric(const ServingInterval& interval, const TargetOwner& owner,
                             sys_milliseconds time);

}  // namespace optiinfra::exposition
