#include "writers.hpp"

namespace optiinfra::fleet {

PerformanceWriter::PerformanceWriter(const Plan& plan)
    : plan_(plan), requests_(plan), types_(plan.services.size()), models_(plan.services.size()) {}

void PerformanceWriter::start_batch() {
  types_.start_batch();
  models_.start_batch();
}

void PerformanceWriter::append(PerformanceBatch& batch, std::uint64_t index) {
  const Request request = requests_.at(index);
  const FleetService& service = plan_.description.services[request.service];
  // Tokens over milliseconds, in tenths of tokens per second, from the latency as it is stored.
  const double throughput = request.completion_tokens * 1e5 / request.latency_tenths_ms;
  batch.timestamp.push_back(request.time);
  batch.customer_id.push_back(plan_.description.customers[service.customer].id);
  batch.service_id.push_back(service.id);
  types_.append(batch.service_type, request.service, service.type);
  models_.append(batch.model_name, request.service, service.model);
  batch.request_id.push_back(request.id);
  batch.latency_ms.push_back(tenths(request.latency_tenths_ms));
  batch.throughput_tokens_per_sec.push_back(tenths(static_cast<std::uint32_t>(throughput + 0.5)));
  batch.gpu_utilization.push_back(tenths(request.gpu_tenths_percent));
  batch.kv_cache_utilization.push_back(tenths(request.kv_cache_tenths_percent));
  batch.batch_size.push_back(request.batch_size);
  batch.prompt_tokens.push_back(request.prompt_tokens);
  batch.completion_tokens.push_back(request.completion_tokens);
  batch.total_tokens.push_back(request.prompt_tokens + request.completion_tokens);
}

}  // namespace optiinfra::fleet
