// The values of one subject of a reading, brought together from the series that tell them.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "increases.hpp"
#include "optiinfra/exposition/quantity.hpp"
#include "optiinfra/exposition/rows_between.hpp"

namespace optiinfra::exposition {

inline constexpr std::size_t kQuantities = 64;

struct SubjectValues {
  /// Gauges as they are, counters as increases.
  std::array<std::optional<double>, kQuantities> values = {};
  std::vector<std::pair<Quantity, HistogramIncrease>> histograms = {};

  std::optional<double> operator[](Quantity quantity) const {
    return values[static_cast<std::size_t>(quantity)];
  }
  const HistogramIncrease* histogram(Quantity quantity) const;
  bool is_empty() const;
};

/// For each subject of `after`, in its order.
std::vector<SubjectValues> subject_values(const MetricsReading& after, const AliasTable& aliases,
                                          Increases& increases);

/// One row for each GPU, or one for the host when there is none.
std::vector<ResourceMetric> resource_rows(const MetricsReading& after,
                                          const std::vector<SubjectValues>& values, const AliasTable& aliases,
                                          const TargetOwner& owner, std::optional<double> seconds);

std::vector<ServingInterval> serving_rows(const MetricsReading& after,
                                          const std::vector<SubjectValues>& values, const AliasTable& aliases,
                                          const TargetOwner& owner, std::optional<double> seconds);

}  // namespace optiinfra::exposition
