/// Rebuilds the rollup hours of days on which some were found to differ.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/store/repair.hpp"
#include "reconcile.hpp"

namespace optiinfra::store {

/// The hours of a family that may be rebuilt.
ReconcileScope repair_scope_of(const Retention& raw);

/// Begins a generation and rebuilds the hours of `days` that differ in the earlier generations. Returns the
/// last of those. Counts the hours that still differ and those that were refused.
Result<std::uint32_t> repair_days(Session& session, ReconcileScope scope,
                                  const std::vector<std::string>& days, OnLoss on_loss, RepairReport& report);

}  // namespace optiinfra::store
