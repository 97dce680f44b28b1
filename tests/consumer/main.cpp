// A stranger's program: includes installed headers, links the installed libraries, stores a metric in a
// temporary store and asks for it.
#include <iostream>
#include <optiinfra/client/client.hpp>

int main() {
  auto client = optiinfra::Client::open("embedded:", {.create = true});
  if (!client) {
    std::cerr << client.error().message << '\n';
    return 1;
  }
  optiinfra::CostMetric cost;
  cost.timestamp = optiinfra::floor_hour(optiinfra::now());
  cost.customer_id = optiinfra::Uuid::random();
  cost.cloud_provider = "aws";
  cost.cost_per_hour = 32.77;
  const auto stored = client->insert_cost_metrics(std::vector<optiinfra::CostMetric>{cost});
  const auto cost_hours =
      client->query_cost_hourly(cost.customer_id, cost.timestamp, cost.timestamp + std::chrono::hours{1});
  std::cout << (stored ? stored->rows_stored : 0) << " row, "
            << (cost_hours && !cost_hours->hours.empty() ? cost_hours->hours.front().total_cost.value_or(0)
                                                         : 0)
            << '\n';
  return cost_hours && cost_hours->hours.size() == 1 && cost_hours->hours.front().total_cost == 32.77 ? 0 : 1;
}
