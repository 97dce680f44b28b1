/// @file optiinfra/store/retention.hpp
/// How long rows are kept, and the removal of those past it.
///
/// The engine's own TTL states the retention of every table. In an embedded store the engine runs
/// only while a program does, so the programs enforce it: drop_expired() removes whole partitions, a
/// day each, and records them, so that verify() knows which rollups have outlived their raw rows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// Raw rows, or the hourly rollup made of them.
enum class Tier { kRaw, kRollup };

struct Retention {
  Family family;
  Tier tier;
  std::string table;               ///< "performance_metrics_ts", without the database.
  std::chrono::days configured{};  ///< What the store's configuration asks for.
  std::chrono::days effective{};   ///< What the engine's table definition says; 0 when it has no TTL.
  bool agrees() const noexcept { return configured == effective; }
};

/// Shortest and longest retention that can be set.
inline constexpr std::chrono::days kRetentionMin{1};
inline constexpr std::chrono::days kRetentionMax{36'500};

/// All eight, raw before rollup in each family.
Result<std::vector<Retention>> read_retention(Transport& transport);

/// Records the wish, then changes the table; a kill between the two shows as a disagreement, which
/// repeating the call mends. Deletes no rows by itself. Errors: kInvalidArgument outside the limits, and for raw rows
/// kept longer than their rollup, which would make the rollup the shorter memory.
Result<void> set_retention(Transport& transport, Family family, Tier tier, std::chrono::days keep);

/// How long rows that arrive already expired (an import of history) stay at least, unless removal is
/// asked for at once. Nobody loses what they have just stored before they could look at it.
inline constexpr std::chrono::hours kExpiredGrace{24};

struct ExpiredPartition {
  std::string table;
  std::string partition;  ///< The day, "2026-03-01".
  std::uint64_t rows = 0;
};

/// Removes every raw partition whose whole day is past its retention and whose parts have been in the
/// store for `grace`, and expired rollup rows. Rollups of the removed days stay.
Result<std::vector<ExpiredPartition>> drop_expired(Transport& transport, sys_seconds clock,
                                                   std::chrono::seconds grace = kExpiredGrace);

}  // namespace optiinfra
