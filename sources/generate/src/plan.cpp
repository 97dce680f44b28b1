#include "plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "load.hpp"

namespace optiinfra::fleet {
namespace {

using std::chrono::days;

constexpr std::uint64_t kQualityPercent = 9, kResourcePercent = 20, kCostPercentMax = 1, kServingPercent = 5;
/// With all columns every instance is to have a price, in small fleets too.
constexpr std::uint64_t kCostPercentMaxOfAll = 5;

Error out_of_range(std::string_view option, std::string_view rule) {
  return invalid_argument("fleet option " + std::string(option) + " must be " + std::string(rule));
}

Result<void> check(const FleetOptions& options) {
  if (options.days < 1 || options.days > kFleetDaysMax) return out_of_range("days", "1 to 3650");
  if (options.rows > kFleetRowsMax) return out_of_range("rows", "at most 10,000,000,000");
  if (options.end - days{options.days} < kOldestTime || options.end > kLatestTime) {
    return out_of_range("end", "set so that all days lie between 2000-01-01 and 2106-02-07");
  }
  return {};
}

/// Shares that fall as 1, 1/2, 1/3, ... and add up to 1.
std::vector<double> zipf_shares(std::size_t count) {
  std::vector<double> shares(count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += 1.0 / static_cast<double>(i + 1);
  for (std::size_t i = 0; i < count; ++i) shares[i] = 1.0 / static_cast<double>(i + 1) / sum;
  return shares;
}

void plan_service(Plan& plan, std::size_t customer, double share) {
  const std::size_t index = plan.services.size();
  Random random = plan.random(Purpose::kService, index);
  // Steps without a common divisor visit all models and workloads, whatever the seed.
  Random offsets = plan.random(Purpose::kService, UINT32_MAX);
  const ServiceProfile profile{(offsets.below(models().size()) + index * 7) % models().size(),
                               (offsets.below(workloads().size()) + index) % workloads().size(),
                               0.75 + 0.23 * random.unit()};
  plan.services.push_back(profile);
  plan.description.services.push_back({random.uuid(), customer, workloads()[profile.workload].name,
                                       service_types()[(offsets.below(4) + index) % service_types().size()],
                                       models()[profile.model].name, share});
}

void plan_customers(Plan& plan) {
  const auto customer_shares = zipf_shares(homes().size());
  for (std::size_t customer = 0; customer < homes().size(); ++customer) {
    const Home& home = homes()[customer];
    plan.description.customers.push_back({plan.random(Purpose::kCustomer, customer).uuid(), home.customer,
                                          customer_shares[customer], home.utc_offset_minutes});
    for (const double share : zipf_shares(home.service_count)) {
      plan_service(plan, customer, share * customer_shares[customer]);
    }
  }
  const auto& services = plan.description.services;
  plan.busiest_services.resize(services.size());
  std::iota(plan.busiest_services.begin(), plan.busiest_services.end(), std::size_t{0});
  std::stable_sort(plan.busiest_services.begin(), plan.busiest_services.end(),
                   [&](std::size_t a, std::size_t b) { return services[a].share > services[b].share; });
}

std::string hexadecimal(std::uint64_t value, int digits) {
  std::string text;
  for (int digit = digits - 1; digit >= 0; --digit) text += "0123456789abcdef"[value >> (4 * digit) & 0xF];
  return text;
}

std::string instance_name(Provider provider, std::uint64_t number) {
  switch (provider) {
    case Provider::kAws:
      return "i-0" + hexadecimal(number, 16);
    case Provider::kGcp:
      return "gke-llm-" + hexadecimal(number, 8);
    case Provider::kAzure:
      break;
  }
  return "aks-llm-" + hexadecimal(number, 8);
}

/// Instances go round the services, the busiest first, so that the first of them serve most requests.
void plan_instance(Plan& plan) {
  constexpr Purchase kPurchases[] = {Purchase::kOnDemand, Purchase::kSpot, Purchase::kReserved,
                                     Purchase::kOnDemand, Purchase::kSpot};
  const std::size_t index = plan.machines.size();
  const std::size_t service = plan.busiest_services[index % plan.busiest_services.size()];
  const Home& home = homes()[plan.description.services[service].customer];
  Random random = plan.random(Purpose::kInstance, index);
  const Provider provider = random.below(4) == 0 ? home.second_provider : home.provider;
  const bool gateway = index % 16 == 8;
  const auto use = gateway                                        ? MachineUse::kGateway
                   : models()[plan.services[service].model].large ? MachineUse::kLarge
                                                                  : MachineUse::kSmall;
  const auto choice = machines(provider, use);
  const Machine& machine = choice[random.below(choice.size())];
  plan.machines.push_back(&machine);
  plan.resource_rows_per_round += std::max(1u, machine.gpu_count);
  plan.description.instances.push_back(
      {instance_name(provider, random.next()), machine.type, names_of(provider).name,
       names_of(provider).service, home.regions[static_cast<std::size_t>(provider)], service,
       machine.gpu_count, kPurchases[index % std::size(kPurchases)],
       std::floor(machine.on_demand_cost_per_hour * home.price_factor * 1e4 + 0.5) / 1e4});
}

void plan_instances(Plan& plan, std::uint64_t resource_rows) {
  const std::uint64_t minutes = plan.hours() * 60;
  while (plan.machines.size() < kFleetInstances || (plan.machines.size() < kFleetInstancesMax &&
                                                    plan.resource_rows_per_round * minutes < resource_rows)) {
    plan_instance(plan);
  }
  plan.engines_of.resize(plan.services.size());
  for (std::uint32_t instance = 0; instance < plan.machines.size(); ++instance) {
    if (plan.machines[instance]->gpu_count == 0) continue;
    plan.engines.push_back(instance);
    plan.engines_of[plan.description.instances[instance].service].push_back(instance);
  }
}

void split_rows(Plan& plan) {
  const std::uint64_t all = plan.options.rows, quality = all * kQualityPercent / 100;
  const std::uint64_t resource = all * kResourcePercent / 100;
  plan_instances(plan, resource);
  const std::uint64_t cost_percent = plan.has_all_columns() ? kCostPercentMaxOfAll : kCostPercentMax;
  const std::uint64_t cost = std::min(all * cost_percent / 100, plan.machines.size() * plan.hours());
  const std::uint64_t serving = plan.has_all_columns() ? all * kServingPercent / 100 : 0;
  plan.rows = {cost, all - cost - resource - quality - serving, resource, quality, serving};
  plan.serving_rounds = (serving + plan.engines.size() - 1) / plan.engines.size();
  plan.resource_rounds = (resource + plan.resource_rows_per_round - 1) / plan.resource_rows_per_round;
  if (plan.resource_rounds > 0) {
    plan.description.resource_interval = std::chrono::seconds{plan.hours() * 3600 / plan.resource_rounds};
  }
}

}  // namespace

Result<Plan> make_plan(const FleetOptions& options) {
  OPTIINFRA_CHECK(check(options));
  Plan plan;
  plan.options = options;
  plan.description.range = {options.end - days{options.days}, options.end};
  plan.first_hour = std::chrono::ceil<std::chrono::hours>(plan.description.range.begin);
  plan_customers(plan);
  split_rows(plan);
  plan_incidents(plan);
  schedule_requests(plan);
  return plan;
}

}  // namespace optiinfra::fleet
