/// @file optiinfra/attribution/forget.hpp
/// Removes a customer from the attributed hours.
#pragma once

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/store/forget.hpp"

namespace optiinfra::attribution {

/// The attributed rows in which the customer pays or is served, of all versions.
store::RowsToRemove attributed_rows_of(const Uuid& customer);

/// Makes a new version of every hour whose newest version names the customer, as if its rows had not been
/// there: what others pay for its requests becomes their overhead, and the requests of others that it pays
/// for become unpriced. The amounts of every other charge stay as they are. Then removes
/// attributed_rows_of(). Works on one part of a store (Client::with_each_part). A kill leaves hours whole, in
/// the old or the new version; repeating the call does the rest. Errors: those of remove_rows().
Result<void> forget_attributed(Session& session, const Uuid& customer);

}  // namespace optiinfra::attribution
