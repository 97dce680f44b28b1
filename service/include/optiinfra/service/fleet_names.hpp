/// @file optiinfra/service/fleet_names.hpp
/// Gives the customers and services of a generated fleet their names.
#pragma once

#include "optiinfra/client/client.hpp"
#include "optiinfra/generate/fleet.hpp"

namespace optiinfra::service {

/// Services are called "CUSTOMER / SERVICE", because a name is unique in a store and a fleet has several
/// services of one name. May be repeated. Errors: those of set_names(); kConflict when a name belongs to
/// another id already.
Result<void> name_fleet(Client& client, const fleet::FleetDescription& fleet);

}  // namespace optiinfra::service
