/// Describes a store for the copy: its identity, and counts and sums of hashes by day.
#pragma once

#include <map>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/retention.hpp"
#include "tier_sql.hpp"

namespace optiinfra {

/// The same for one store by whatever URL it is reached, and different for any two: made of the identifiers
/// that the engine gave the tables of each part.
Result<Uuid> identity_of(Client& store);

/// How long the store keeps rows, the shortest over the parts of a cluster.
Result<std::chrono::days> kept_for(Client& store, Family family, Tier tier);

/// Rows, and the sum of their hashes: two sets of rows with both equal are taken for the same.
struct Content {
  std::uint64_t rows = 0;
  std::uint64_t hash_sum = 0;
  friend bool operator==(const Content&, const Content&) = default;
};

/// By day ("2026-03-01").
Result<std::map<std::string, Content>> contents_by_day(Client& store, const TierSql& sql);

}  // namespace optiinfra
