#include <algorithm>

#include "writers.hpp"

namespace optiinfra::fleet {

PerformanceWriter::PerformanceWriter(const Plan& plan)
    : plan_(plan),
      requests_(plan),
      types_(plan.services.size()),
      models_(plan.services.size()),
      instances_(plan.machines.size()) {}

void PerformanceWriter::start_batch() {
  types_.start_batch();
  models_.start_batch();
  instances_.start_batch();
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
  const auto if_served = [&](std::uint32_t value) {
    return request.was_served() ? std::optional(value) : std::nullopt;
  };
  batch.prompt_tokens.push_back(if_served(request.prompt_tokens));
  batch.completion_tokens.push_back(if_served(request.completion_tokens));
  batch.total_tokens.push_back(if_served(request.prompt_tokens + request.completion_tokens));
  if (plan_.has_all_columns()) append_course(batch, request);
}

void PerformanceWriter::append_course(PerformanceBatch& batch, const Request& request) {
  const bool was_served = request.was_served();
  const auto if_served = [&](float value) { return was_served ? std::optional(value) : std::nullopt; };
  const std::uint32_t first = request.first_token_tenths_ms, decode = request.latency_tenths_ms - first;
  batch.time_to_first_token_ms.push_back(if_served(tenths(first)));
  batch.inter_token_latency_ms.push_back(was_served && request.completion_tokens > 1
                                             ? std::optional(tenths(decode / (request.completion_tokens - 1)))
                                             : std::nullopt);
  const bool was_queued = request.end != RequestEnd::kClientError;
  batch.queue_ms.push_back(was_queued ? std::optional(tenths(request.queue_tenths_ms)) : std::nullopt);
  batch.prefill_ms.push_back(if_served(tenths(first - std::min(first, request.queue_tenths_ms))));
  batch.decode_ms.push_back(if_served(tenths(decode)));
  batch.cached_tokens.push_back(was_served ? std::optional(request.cached_tokens) : std::nullopt);
  const bool reasons = models()[plan_.services[request.service].model].reasoning_share > 0;
  batch.reasoning_tokens.push_back(was_served && reasons ? std::optional(request.reasoning_tokens)
                                                         : std::nullopt);
  batch.status.append(kStatuses[static_cast<std::size_t>(request.end)]);
  batch.finish_reason.append(request.finish_reason);
  instances_.append(batch.instance_id, request.instance, plan_.description.instances[request.instance].id);
  batch.source.append(kSource);
}

}  // namespace optiinfra::fleet
