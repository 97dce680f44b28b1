/// Copies one day of one family in one tier from the source into the target, each row once.
#pragma once

#include <functional>
#include <string>

#include "copy_ledger.hpp"
#include "tier_sql.hpp"

namespace optiinfra::copy {

struct DayCopy {
  Client& source;
  Client& target;
  CopyLedger& ledger;
  const TierSql& sql;
  Uuid source_id;
  std::string day;
  std::function<void(std::uint64_t rows)> on_block;  ///< After each block, with its rows.
};

/// Copies the missing rows of the day, of which the source holds `present`, and records them. Returns the
/// number of rows that this call stored.
///
/// A day that was begun continues with its last block, if the rows up to there have not changed; that block
/// is repeated under its token. A day whose rows have changed since, because it still gets rows, is compared
/// with the target row by row, and the missing rows are added: rows of the target that equal rows of the
/// source in every column then count as copied.
Result<std::uint64_t> copy_day(const DayCopy& day, const Content& present);

}  // namespace optiinfra::copy
