/// Describes a store for the copy: its identity, and counts and sums of hashes by day.
#pragma once

#include <map>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/retention.hpp"
#include "tier_sql.hpp"

namespace optiinfra::copy {

/// Identifies a store: the same for every URL of one store, and different for two stores. Computed from the
/// identifiers that the engine gave the tables of each part.
Result<Uuid> identity_of(Client& store);

/// How long the store keeps rows, the shortest over the parts of a cluster.
Result<std::chrono::days> kept_for(Client& store, Family family, store::Tier tier);

/// The number of rows and the sum of their hashes. Two sets of rows for which both are equal count as equal.
struct Content {
  std::uint64_t rows = 0;
  std::uint64_t hash_sum = 0;
  friend bool operator==(const Content&, const Content&) = default;
};

/// By day ("2026-03-01").
Result<std::map<std::string, Content>> contents_by_day(Client& store, const TierSql& sql);

}  // namespace optiinfra::copy
