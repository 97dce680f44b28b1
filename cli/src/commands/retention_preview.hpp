/// Shows what a shorter retention would remove, and asks for confirmation before anything is removed.
#pragma once

#include <vector>

#include "context.hpp"
#include "optiinfra/store/retention.hpp"

namespace optiinfra::cli {

/// What set_retention() with these arguments would remove at once from this part of a store: whole days of
/// raw rows, or the rollup rows before an hour, as one entry.
Result<std::vector<store::ExpiredPartition>> what_expires(Session& session, Family family, store::Tier tier,
                                                          std::chrono::days keep);

/// Asks a person at the terminal whether to remove these. Errors: kInvalidArgument, naming --yes, where
/// nobody can be asked and where the answer is not yes.
Result<void> confirm_removal(const Context& context, const std::vector<store::ExpiredPartition>& expired);

}  // namespace optiinfra::cli
