#include "metric_names.hpp"

#include <algorithm>

namespace optiinfra::remote_write {
namespace {

KnownName look_up(const exposition::AliasTable& aliases, std::string_view metric) {
  if (metric == "process_start_time_seconds") return {MetricUse::kRestart};
  const auto uses = aliases.find(metric);
  if (uses.empty())
    return {aliases.find_known(metric) != nullptr ? MetricUse::kUnneeded : MetricUse::kUnknown};
  const bool tells_model = std::any_of(uses.begin(), uses.end(), [&](const exposition::AliasUse& use) {
    const auto& labels = aliases.sources()[aliases.aliases()[use.alias].source].model;
    return std::find(labels.begin(), labels.end(), "model") != labels.end();
  });
  return {MetricUse::kRow, tells_model};
}

}  // namespace

KnownName MetricNames::of(std::string_view metric) {
  if (const auto known = known_.find(metric); known != known_.end()) return known->second;
  const KnownName found = look_up(aliases_, metric);
  if (known_.size() < kNamesRememberedMax) known_.emplace(metric, found);
  return found;
}

}  // namespace optiinfra::remote_write
