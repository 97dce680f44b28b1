/// The simplest tables with the same columns, to compare sizes with: contract types, no codecs, the engine's
/// default compression, averages and percentiles as the obvious states.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::benchmark {

/// Budget of a statement that rewrites a whole table.
inline constexpr std::chrono::hours kMergeTimeout{1};

struct PlainTables {
  std::vector<std::string> names;  ///< The raw table and its rollup, in the session's database.
};

/// Makes them and fills them with the rows that the family's own raw table holds.
Result<PlainTables> make_plain_tables(Session& session, Family family);

}  // namespace optiinfra::benchmark
