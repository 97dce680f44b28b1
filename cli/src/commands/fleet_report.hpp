/// Describes a generated fleet: the names that questions can use.
#pragma once

#include "optiinfra/generate/fleet.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {

/// Adds the fleet's services, instances and incidents. `brief` leaves out most instances, and says so.
void add_fleet(Report& report, const fleet::FleetDescription& fleet, bool brief);

}  // namespace optiinfra::cli
