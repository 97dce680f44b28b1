/// @file optiinfra/service/forget.hpp
/// Removes a customer from a store: its rows, rollups, attributed hours, names and tokens, and proves it by
/// counting again.
#pragma once

#include <functional>

#include "optiinfra/client/client.hpp"
#include "optiinfra/report/records.hpp"
#include "optiinfra/service/tokens.hpp"

namespace optiinfra::service {

struct ForgetOptions {
  bool is_dry_run = false;  ///< Only counts.
  /// Stores the rows that an open writer has accepted; empty where there is none.
  std::function<Result<void>()> store_accepted = {};
  Tokens* tokens = nullptr;  ///< Of the service of this store; nullptr when they are elsewhere.
};

/// Reports the counts of every table before and after. After a kill or an error the same call completes it;
/// `verify` agrees in between as well as afterwards, except for the rollups of one family.
///
/// Errors: kInvalidArgument for the nil UUID; kCorrupt, with nothing removed, while parts of the store are
/// set aside; kConflict when rows of the customer keep arriving; those of remove_rows() and of the engine.
Result<report::Report> forget_customer(Client& client, const Uuid& customer, const ForgetOptions& options);

/// "184,200 rows, 3 records of names and 1 token of customer acme (550e8400-...)", of a report of the above;
/// empty when nothing is left of the customer.
std::string what_is_forgotten(const report::Report& report);

}  // namespace optiinfra::service
