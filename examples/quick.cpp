// Stores one request and asks how fast its service was. quick [URL]; without one, a temporary store.
#include <iostream>
#include <string>
#include <vector>

#include "optiinfra/client.hpp"

namespace {

int complain(const optiinfra::Error& error) {
  std::cerr << error.message << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const optiinfra::Uuid customer = optiinfra::Uuid::random(), service = optiinfra::Uuid::random();
  const std::string url = argc > 1 ? argv[1] : "embedded:";

  auto client = optiinfra::Client::open(url, {.create = true});
  if (!client) return complain(client.error());

  optiinfra::PerformanceMetric request;
  request.timestamp = optiinfra::now();
  request.customer_id = customer;
  request.service_id = service;
  request.service_type = "vllm";
  request.model_name = "llama-3.1-70b";
  request.latency_ms = 812.5f;
  auto stored = client->insert_performance_metrics(std::vector{request});
  if (!stored) return complain(stored.error());  // names row, column, value and rule

  auto last_day = client->query_performance_p95(customer, service);
  if (!last_day) return complain(last_day.error());
  std::cout << last_day->total_requests << " requests, p95 " << *last_day->p95_latency_ms << " ms\n";
}
