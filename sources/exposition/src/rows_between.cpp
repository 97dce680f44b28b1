#include "optiinfra/exposition/rows_between.hpp"

#include "subject_values.hpp"

namespace optiinfra::exposition {

RowsBetween rows_between(const MetricsReading* before, const MetricsReading& after, const AliasTable& aliases,
                         const TargetOwner& owner) {
  if (before != nullptr && (before->time >= after.time || after.time - before->time > kStaleAfter))
    before = nullptr;
  std::optional<double> seconds;
  if (before != nullptr) seconds = std::chrono::duration<double>(after.time - before->time).count();
  Increases increases(before, after);
  const auto values = subject_values(after, aliases, increases);
  const IncreaseCounts& counts = increases.counts();
  return {.resources = resource_rows(after, values, aliases, owner, seconds),
          .servings = serving_rows(after, values, aliases, owner, seconds),
          .resets = counts.resets,
          .first_sights = counts.first_sights,
          .changed_buckets = counts.changed_buckets};
}

}  // namespace optiinfra::exposition
