#include <algorithm>
#include <cmath>

#include "writers.hpp"

namespace optiinfra::fleet {
namespace {

constexpr double kSpotPrice = 0.38, kSpotSpread = 0.12, kReservedPrice = 0.60;  // Of the on-demand price.

double price_factor(Purchase purchase, Random& random) {
  switch (purchase) {
    case Purchase::kOnDemand:
      return 1;
    case Purchase::kReserved:
      return kReservedPrice;
    case Purchase::kSpot:
      break;
  }
  return kSpotPrice * (1 + kSpotSpread * (random.unit() - 0.5));
}

}  // namespace

CostWriter::CostWriter(const Plan& plan)
    : plan_(plan),
      providers_(plan.machines.size()),
      service_names_(plan.machines.size()),
      ids_(plan.machines.size()),
      types_(plan.machines.size()),
      regions_(plan.machines.size()) {}

void CostWriter::start_batch() {
  for (Labels* labels : {&providers_, &service_names_, &ids_, &types_, &regions_}) labels->start_batch();
}

std::uint64_t CostWriter::rows_before(std::uint64_t hour) const {
  return plan_.rows_of(Family::kCost) * hour / plan_.hours();
}

void CostWriter::append(CostBatch& batch, std::uint64_t index) {
  while (rows_before(hour_ + 1) <= index) ++hour_;
  const std::size_t instance = index - rows_before(hour_);
  const FleetInstance& it = plan_.description.instances[instance];
  const std::size_t customer = plan_.description.services[it.service].customer;
  const sys_seconds time = plan_.first_hour + std::chrono::hours{hour_};
  const bool no_spot = plan_.lost_discount.strikes(customer, time) && it.purchase == Purchase::kSpot;
  const Purchase purchase = no_spot ? Purchase::kOnDemand : it.purchase;
  Random random = plan_.random(Purpose::kCost, hour_ * kFleetInstancesMax + instance);
  const double cost = it.on_demand_cost_per_hour * price_factor(purchase, random);
  const double busy = 100 * (0.12 + 0.8 * load(plan_, it.service, time)) + 6 * (random.unit() - 0.5);
  batch.timestamp.push_back(to_column_time(time));
  batch.customer_id.push_back(plan_.description.customers[customer].id);
  providers_.append(batch.cloud_provider, instance, it.provider);
  service_names_.append(batch.service_name, instance, it.service_name);
  ids_.append(batch.instance_id, instance, it.id);
  types_.append(batch.instance_type, instance, it.type);
  regions_.append(batch.region, instance, it.region);
  batch.cost_per_hour.push_back(std::floor(cost * 1e4 + 0.5) / 1e4);
  batch.utilization_percent.push_back(
      tenths(static_cast<std::uint32_t>(10 * std::clamp(busy, 0.0, 100.0) + 0.5)));
  batch.is_spot.push_back(purchase == Purchase::kSpot);
  batch.is_reserved.push_back(purchase == Purchase::kReserved);
  if (!plan_.has_all_columns()) return;
  batch.hours_covered.push_back(1);
  batch.charge_category.append("usage");
  batch.list_cost_per_hour.push_back(it.on_demand_cost_per_hour);
  batch.currency.append("USD");
  batch.source.append(kSource);
}

}  // namespace optiinfra::fleet
