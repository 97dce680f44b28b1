/// @file optiinfra/store/attribution_tables.hpp
/// The tables that keep attributed cost. Layer `attribution` writes and reads them.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/session.hpp"

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

/// A sum that answers are made of.
struct AttributedSum {
  const char* column;     ///< Empty: counts rows.
  const char* condition;  ///< Empty: of all rows.

  std::string sql() const;
};

/// Those that the table keeps by hour and version, for each model and for each customer that was served, so
/// that a question about one of the two reads some thousand rows of them instead of a row for each service
/// and instance. The engine takes them for a query that uses these expressions and no other column.
std::span<const AttributedSum> attributed_sums();

/// "groupUniqArrayIf(method, method != '')", which is kept too: the distinct texts of `column` ("method",
/// "price_source").
std::string attributed_texts(const char* column);

/// "uniqExact(hour)", which is kept too.
inline constexpr const char* kAttributedHourCount = "uniqExact(hour)";

/// Settings of a query of these sums by and of `columns` alone: which of those that are kept it takes, if
/// any. Without them the engine compares each sum with all that are kept, which takes longer than reading the
/// rows of one customer.
std::vector<NamedValue> attributed_sums_settings(const std::set<std::string_view>& columns);

/// The statements that add the sums to a table that an older program made; each may run twice.
std::vector<std::string> add_attributed_sums(std::string_view database, const TableForm& form);

/// The statements that make both on one machine or a shard, in the order above; each may run twice.
std::vector<std::string> create_attribution_tables(std::string_view database, const TableForm& form);

/// The same over all shards. The rows of an hour, and its version, lie on one shard.
std::vector<std::string> distribute_attribution_tables(std::string_view database,
                                                       const DistributedForm& form);

/// Markdown about both, for docs/attributed-tables.md.
std::string attribution_markdown();

}  // namespace optiinfra::store
