/// @file optiinfra/store/retention.hpp
/// How long rows are kept, and the removal of those past it.
///
/// The engine's own TTL states the retention of every table and drops expired raw rows as whole parts,
/// a partition being a day. In an embedded store the engine works only while a program runs, so
/// programs that write call drop_expired() now and then.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// Raw rows, or the hourly rollup made of them.
enum class Tier { kRaw, kRollup };

struct Retention {
  Family family;
  Tier tier;
  std::string table;               ///< "performance_metrics_ts", without the database.
  std::chrono::days configured{};  ///< What the store's configuration asks for.
  std::chrono::days effective{};   ///< What the engine's table definition says; 0 when it has no TTL.
  sys_seconds set_at{};            ///< When it was set; 1970 while it is the default.
  bool agrees() const noexcept { return configured == effective; }
};

/// Shortest and longest retention that can be set.
inline constexpr std::chrono::days kRetentionMin{1};
inline constexpr std::chrono::days kRetentionMax{36'500};

/// The retention of all eight tables, raw before rollup in each family.
Result<std::vector<Retention>> read_retention(Session& session);

/// Retention::effective of one table, with one query instead of all that read_retention() asks.
Result<std::chrono::days> effective_retention(Session& session, Family family, Tier tier);

/// A day of raw rows that was removed whole.
struct ExpiredPartition {
  std::string table;
  std::string partition;  ///< The day, "2026-03-01".
  std::uint64_t rows = 0;
};

/// Records the new retention, changes the table, and removes at once the rows that it no longer keeps, also
/// those that have just arrived. After a kill in between, the table may disagree with the record, or expired
/// rows may still be there; repeating the call repairs both. Errors: kInvalidArgument, changing nothing,
/// outside the limits and when raw rows would be kept longer than their rollup.
Result<std::vector<ExpiredPartition>> set_retention(Session& session, Family family, Tier tier,
                                                    std::chrono::days keep);

/// Removes every raw partition whose whole day is past its retention, and expired rollup rows, except
/// what arrived within kArrivalGrace of `clock` (schema/tables.hpp). Rollups of the removed days stay.
Result<std::vector<ExpiredPartition>> drop_expired(Session& session, sys_seconds clock);

}  // namespace optiinfra::store
