#include "optiinfra/service/fleet_names.hpp"

#include "optiinfra/client/names.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::service {

Result<void> name_fleet(Client& client, const fleet::FleetDescription& fleet) {
  std::vector<NewName> names;
  for (const fleet::FleetCustomer& customer : fleet.customers)
    names.push_back({NameKind::kCustomer, customer.name, customer.id.to_string(), customer.id});
  for (const fleet::FleetService& service : fleet.services) {
    const fleet::FleetCustomer& customer = fleet.customers[service.customer];
    names.push_back(
        {NameKind::kService, customer.name + " / " + service.name, service.id.to_string(), customer.id});
  }
  return done(set_names(client, names, "generate"));
}

}  // namespace optiinfra::service
