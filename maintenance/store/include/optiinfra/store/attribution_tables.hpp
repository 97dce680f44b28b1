/// @file optiinfra/store/attribution_tables.hpp
/// The tables that keep attributed cost. Layer `attribution` writes and reads them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra::store {

/// Each part of each charge of an hour, in versions: a recomputed hour gets new rows and keeps the old ones.
inline constexpr const char* kAttributedCostTable = "attributed_cost_hourly";

/// The versions that are complete. Readers do not see a version that has no row here.
inline constexpr const char* kAttributedHoursTable = "attributed_hours";

/// A column of one of the tables.
struct AttributionColumn {
  const char* name;
  const char* type;
  const char* codec;  ///< Empty for the engine's own.
  const char* meaning;
};

std::span<const AttributionColumn> attributed_cost_columns();
std::span<const AttributionColumn> attributed_hours_columns();

/// The statements that make both on one machine or a shard, in the order above; each may run twice.
std::vector<std::string> create_attribution_tables(std::string_view database, const TableForm& form);

/// The same over all shards. The rows of an hour, and its version, lie on one shard.
std::vector<std::string> distribute_attribution_tables(std::string_view database,
                                                       const DistributedForm& form);

/// Markdown about both, for docs/attributed-tables.md.
std::string attribution_markdown();

}  // namespace optiinfra::store
