/// @file optiinfra/attribution/charges.hpp
/// Reads attributed hours as they are stored: which there are, and each charge with the parts it was split
/// into.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "optiinfra/attribution/hour.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra::attribution {

/// The hours of `range` that are attributed, in their order. Errors: those of the store.
Result<std::vector<sys_seconds>> attributed_hours(Client& client, TimeRange range);

/// Receives the parts of one charge of `hour`: of one payer, provider, instance, region, type and currency.
/// An error ends the reading and is returned.
using OnCharge = std::function<Result<void>(sys_seconds hour, std::span<const AttributedCost> parts)>;

/// Reads the newest versions of the whole hours of `range`, charge by charge, in an order that depends only
/// on the rows. With `customers` only the parts that served them, and of each charge no other part; empty:
/// all parts, whose costs add up to the charge. Requests that no charge covers are left out. Of a part the
/// counts, the weight and the corrections of idle time are not read. Memory stays near the size of one
/// charge. Errors: those of the store, and of `on_charge`.
Result<void> each_charge(Client& client, TimeRange range, std::span<const Uuid> customers,
                         const OnCharge& on_charge);

}  // namespace optiinfra::attribution
