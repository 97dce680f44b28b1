#include <algorithm>

#include "plan.hpp"

namespace optiinfra::fleet {
namespace {

using std::chrono::hours;

/// A range of whole hours that begins at a random place between two fractions of the fleet's time.
TimeRange place(const Plan& plan, Random& random, double earliest, double latest, hours length) {
  const double fraction = earliest + (latest - earliest) * random.unit();
  const sys_seconds begin =
      plan.first_hour + hours{static_cast<int>(fraction * static_cast<double>(plan.hours()))};
  return {begin, begin + length};
}

hours share_of(const Plan& plan, std::uint64_t divisor) {
  return hours{std::min<std::uint64_t>(24, plan.hours() / divisor)};
}

std::string when(const TimeRange& range) {
  const auto length = std::chrono::duration_cast<hours>(range.end - range.begin).count();
  return format_time(range.begin) + ", " + std::to_string(length) + " h: ";
}

void slow_a_service(Plan& plan, Random random) {
  const std::size_t service = plan.busiest_services[random.below(6)];
  const FleetService& it = plan.description.services[service];
  const FleetCustomer& customer = plan.description.customers[it.customer];
  FleetIncident incident;
  incident.kind = IncidentKind::kLatencySpike;
  incident.range = place(plan, random, 0.5, 0.9, hours{2});
  incident.customer_id = customer.id;
  incident.service_id = it.id;
  incident.model_name = it.model;
  incident.text = when(incident.range) + "latency of " + customer.name + "'s " + it.name + " service (" +
                  it.model + ") four times as high";
  plan.slow_service = {incident.range, service, 0};
  plan.description.incidents.push_back(std::move(incident));
}

void lose_a_gpu(Plan& plan, Random random) {
  constexpr std::uint64_t kInstancesWithGpus = 8;  // The first gateway comes after them.
  const std::size_t instance = random.below(kInstancesWithGpus);
  const FleetInstance& it = plan.description.instances[instance];
  const FleetService& service = plan.description.services[it.service];
  FleetIncident incident;
  incident.kind = IncidentKind::kGpuOutage;
  incident.range = place(plan, random, 0.1, 0.3, hours{5});
  incident.customer_id = plan.description.customers[service.customer].id;
  incident.instance_id = it.id;
  incident.gpu_index = static_cast<unsigned>(random.below(it.gpu_count));
  incident.text = when(incident.range) + "GPU " + std::to_string(incident.gpu_index) + " of " + it.id + " (" +
                  it.type + ") does nothing";
  plan.lost_gpu = {incident.range, instance, incident.gpu_index};
  plan.description.incidents.push_back(std::move(incident));
}

void regress_a_model(Plan& plan, Random random) {
  const std::size_t model = plan.services[plan.busiest_services[random.below(4)]].model;
  FleetIncident incident;
  incident.kind = IncidentKind::kQualityRegression;
  incident.range = place(plan, random, 0.4, 0.7, share_of(plan, 4));
  incident.model_name = models()[model].name;
  incident.text = when(incident.range) + incident.model_name + " makes things up: factuality falls by 0.22";
  plan.regressed_model = {incident.range, model, 0};
  plan.description.incidents.push_back(std::move(incident));
}

void lose_a_discount(Plan& plan, Random random) {
  constexpr std::size_t kSpotInstances[] = {1, 4, 6, 9};  // As plan_instance() buys them.
  const FleetInstance& spot =
      plan.description.instances[kSpotInstances[random.below(std::size(kSpotInstances))]];
  const std::size_t customer = plan.description.services[spot.service].customer;
  FleetIncident incident;
  incident.kind = IncidentKind::kCostSpike;
  incident.range = place(plan, random, 0.2, 0.6, share_of(plan, 4));
  incident.customer_id = plan.description.customers[customer].id;
  incident.text = when(incident.range) + "no spot capacity for " + plan.description.customers[customer].name +
                  ": its spot instances run at the on-demand price";
  plan.lost_discount = {incident.range, customer, 0};
  plan.description.incidents.push_back(std::move(incident));
}

}  // namespace

void plan_incidents(Plan& plan) {
  slow_a_service(plan, plan.random(Purpose::kIncident, 0));
  lose_a_gpu(plan, plan.random(Purpose::kIncident, 1));
  regress_a_model(plan, plan.random(Purpose::kIncident, 2));
  lose_a_discount(plan, plan.random(Purpose::kIncident, 3));
  auto& incidents = plan.description.incidents;
  std::stable_sort(incidents.begin(), incidents.end(), [](const FleetIncident& a, const FleetIncident& b) {
    return a.range.begin < b.range.begin;
  });
}

}  // namespace optiinfra::fleet
