/// Finds rows that are stored as they were given but are probably wrong.
#pragma once

#include "optiinfra/core/error.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// Fills `breaches`. Reads only rows that arrived before the tables had constraints for the rules.
Result<void> find_rule_breaches(Session& session, VerifyReport& report);

/// Fills `charges_overlapping` and `overlaps`, a day at a time.
Result<void> find_overlapping_charges(Session& session, VerifyReport& report);

}  // namespace optiinfra::store
