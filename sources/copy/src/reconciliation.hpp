/// Compares both sides of a copy.
#pragma once

#include "copy_ledger.hpp"
#include "optiinfra/copy/copy.hpp"
#include "tier_sql.hpp"

namespace optiinfra::copy {

/// Compares every day that the ledger says was copied with what the target holds, and adds it to `report`.
Result<void> compare_contents(Client& target, const TierSql& sql, const CopyLedger& ledger,
                              CopyReport& report);

/// Compares the finished numbers of rollup hours that have no raw rows, a day at a time, on both sides.
Result<void> compare_rollups(Client& source, Client& target, const TierSql& sql, CopyReport& report);

/// Every rollup hour of the target against its raw rows.
Result<void> verify_target(Client& target, CopyReport& report);

}  // namespace optiinfra::copy
