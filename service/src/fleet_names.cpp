#include "optiinfra/service/fleet_names.hpp"

#include "optiinfra/client/names.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra {

Result<void> name_fleet(Client& client, const FleetDescription& fleet) {
  std::vector<NewName> names;
  for (const FleetCustomer& customer : fleet.customers)
    names.push_back({NameKind::kCustomer, customer.name, customer.id.to_string(), customer.id});
  for (const FleetService& service : fleet.services) {
    const FleetCustomer& customer = fleet.customers[service.customer];
    names.push_back(
        {NameKind::kService, customer.name + " / " + service.name, service.id.to_string(), customer.id});
  }
  return done(set_names(client, names, "generate"));
}

}  // namespace optiinfra
