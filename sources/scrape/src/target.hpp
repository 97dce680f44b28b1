// One endpoint that is scraped, made from the labels that configuration, discovery and relabelling gave it.
#pragma once

#include <optional>
#include <string>

#include "config.hpp"
#include "optiinfra/exposition/rows_between.hpp"

namespace optiinfra::scrape {

struct Target {
  std::string url;
  std::string job;
  std::chrono::milliseconds interval{}, timeout{};
  exposition::TargetOwner owner;

  /// The same for the same target after a discovery.
  std::string key() const;
};

/// The labels that say whose a target is, apart from `instance`: "customer", "service", "instance_type",
/// "model". A customer or service that is no UUID is a name (optiinfra/core/identity.hpp).
inline constexpr const char* kOwnerLabels[] = {"customer", "service", "instance_type", "model"};

/// nullopt when the rules drop it. Errors: kInvalidArgument for a target without address or customer.
Result<std::optional<Target>> make_target(const ScrapeJob& job, const std::string& address,
                                          const Labels& labels, const Labels& external_labels);

}  // namespace optiinfra::scrape
