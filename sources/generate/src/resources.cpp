#include <algorithm>

#include "writers.hpp"

namespace optiinfra::fleet {
namespace {

std::uint32_t whole(double value) { return value <= 0 ? 0 : static_cast<std::uint32_t>(value + 0.5); }

}  // namespace

ResourceWriter::ResourceWriter(const Plan& plan)
    : plan_(plan),
      row_stream_(plan.stream(Purpose::kResource)),
      gpu_stream_(plan.stream(Purpose::kGpu)),
      hosts_(plan.machines.size()),
      ids_(plan.machines.size()),
      types_(plan.machines.size()),
      gpus_(plan.machines.size()) {
  places_.reserve(plan.resource_rows_per_round);
  for (std::uint32_t instance = 0; instance < plan.machines.size(); ++instance) {
    const unsigned rows = std::max(1u, plan.machines[instance]->gpu_count);
    for (unsigned gpu = 0; gpu < rows; ++gpu) places_.push_back({instance, static_cast<std::uint8_t>(gpu)});
  }
  for (std::size_t place = 0; plan.has_all_columns() && place < places_.size(); ++place)
    gpu_uuids_.push_back("GPU-" + plan.random(Purpose::kGpuIdentity, place).uuid().to_string());
}

void ResourceWriter::start_batch() {
  ids_.start_batch();
  types_.start_batch();
  gpus_.start_batch();
}

void ResourceWriter::enter(std::uint64_t round) {
  round_ = round;
  time_ = plan_.description.range.begin +
          std::chrono::seconds{plan_.hours() * 3600 * round / plan_.resource_rounds};
  std::vector<double> busy(plan_.services.size());
  for (std::size_t service = 0; service < busy.size(); ++service) busy[service] = load(plan_, service, time_);
  for (std::size_t instance = 0; instance < hosts_.size(); ++instance) {
    hosts_[instance] = host_in_round(instance, busy[plan_.description.instances[instance].service]);
  }
}

ResourceWriter::Host ResourceWriter::host_in_round(std::size_t instance, double busy) const {
  const Machine& machine = *plan_.machines[instance];
  Random random = plan_.random(Purpose::kResourceHost, round_ * kFleetInstancesMax + instance);
  const bool gateway = machine.gpu_count == 0;
  const double cpu = gateway ? 8 + 65 * busy : 6 + 42 * busy;
  const double traffic = gateway ? 10 : machine.gpu_count / 8.0;
  return {busy, std::min(1000u, whole(10 * cpu + 60 * random.unit())),
          whole(10 * machine.memory_gb * (0.25 + 0.2 * busy + 0.01 * random.unit())),
          whole(10 * traffic * (4 + 180 * busy) * (0.9 + 0.2 * random.unit())),
          whole(10 * traffic * (6 + 310 * busy) * (0.9 + 0.2 * random.unit()))};
}

ResourceWriter::Gpu ResourceWriter::gpu_in_round(std::size_t place) const {
  constexpr std::uint64_t kHoursMax = 1 << 21;  // More than a 32-bit time has.
  const auto [instance, gpu_index] = places_[place];
  const Machine& machine = *plan_.machines[instance];
  Random random(row_stream_, round_ * places_.size() + place);
  if (machine.gpu_count == 0) return {0, 0, 0};
  const auto jitter = static_cast<double>(random.next() >> 56) / 256;
  if (plan_.lost_gpu.strikes(instance, time_) && plan_.lost_gpu.gpu_index == gpu_index) {
    return {0, 0, whole(28 + 2 * jitter)};
  }
  const double busy = hosts_[instance].busy;
  const auto hour = static_cast<std::uint64_t>(time_.time_since_epoch().count()) / 3600;
  const double drift = Random(gpu_stream_, place * kHoursMax + hour).unit();
  const std::uint32_t utilization =
      std::min(100u, whole(12 + 80 * busy + 8 * (drift - 0.5) + 6 * (jitter - 0.5)));
  // Servers take most of the memory when they start; the rest grows with the KV cache.
  const std::uint32_t memory_mb =
      2 * whole(machine.gpu_memory_mb / 2.0 * (0.62 + 0.28 * busy * busy + 0.01 * drift));
  return {utilization, memory_mb, whole(33 + 0.42 * utilization + gpu_index % 4 + 2 * jitter)};
}

void ResourceWriter::append(ResourceBatch& batch, std::uint64_t index) {
  const std::uint64_t round = index / places_.size();
  const std::size_t place = index - round * places_.size();
  if (round != round_) enter(round);
  const auto [instance, gpu_index] = places_[place];
  const FleetInstance& it = plan_.description.instances[instance];
  const Machine& machine = *plan_.machines[instance];
  const Host& host = hosts_[instance];
  const Gpu gpu = gpu_in_round(place);
  batch.timestamp.push_back(to_column_time(time_));
  batch.customer_id.push_back(
      plan_.description.customers[plan_.description.services[it.service].customer].id);
  ids_.append(batch.instance_id, instance, it.id);
  types_.append(batch.instance_type, instance, it.type);
  batch.gpu_index.push_back(gpu_index);
  const auto of_gpu = [&](std::uint32_t value) {
    return machine.gpu_count == 0 ? std::nullopt : std::optional<float>(static_cast<float>(value));
  };
  batch.gpu_utilization.push_back(of_gpu(gpu.utilization));
  batch.gpu_memory_used_mb.push_back(of_gpu(gpu.memory_mb));
  batch.gpu_memory_total_mb.push_back(of_gpu(static_cast<std::uint32_t>(machine.gpu_memory_mb)));
  batch.gpu_temperature.push_back(of_gpu(gpu.temperature));
  batch.cpu_utilization.push_back(tenths(host.cpu_tenths));
  batch.memory_used_gb.push_back(tenths(host.memory_tenths_gb));
  batch.memory_total_gb.push_back(static_cast<float>(machine.memory_gb));
  batch.network_rx_mbps.push_back(tenths(host.received_tenths_mbps));
  batch.network_tx_mbps.push_back(tenths(host.sent_tenths_mbps));
  if (plan_.has_all_columns()) append_gpu(batch, place, gpu);
}

/// Power follows the load between an eighth of the GPU's largest and nine tenths of it; the cores that
/// multiply matrices, and the memory, work for about half of the time in which the GPU does.
void ResourceWriter::append_gpu(ResourceBatch& batch, std::size_t place, const Gpu& gpu) {
  constexpr std::uint32_t kNoFault = 0, kFellOffTheBus = 79;  // NVIDIA's XID.
  const auto [instance, gpu_index] = places_[place];
  const Machine& machine = *plan_.machines[instance];
  const bool has_gpu = machine.gpu_count > 0;
  const auto of_gpu = [&](double value) {
    return has_gpu ? std::optional(static_cast<float>(value)) : std::nullopt;
  };
  const double share = gpu.utilization / 100.0;
  const std::uint32_t power_tenths = whole(10 * machine.gpu_power_max_w * (0.125 + 0.775 * share));
  const auto seconds = static_cast<double>(plan_.description.resource_interval.count());
  batch.gpu_uuid.append(has_gpu ? gpu_uuids_[place] : "");
  gpus_.append(batch.gpu_name, instance, machine.gpu_name);
  batch.gpu_power_w.push_back(of_gpu(tenths(power_tenths)));
  batch.gpu_energy_j.push_back(round_ == 0 ? std::nullopt : of_gpu(whole(power_tenths / 10.0 * seconds)));
  batch.gpu_memory_temperature.push_back(of_gpu(gpu.temperature + 9));
  batch.gpu_tensor_active.push_back(of_gpu(whole(52 * share)));
  batch.gpu_dram_active.push_back(of_gpu(whole(46 * share)));
  const bool is_lost = plan_.lost_gpu.strikes(instance, time_) && plan_.lost_gpu.gpu_index == gpu_index;
  batch.gpu_throttle_reasons.push_back(has_gpu ? std::optional(kNoFault) : std::nullopt);
  batch.gpu_xid.push_back(has_gpu ? std::optional(is_lost ? kFellOffTheBus : kNoFault) : std::nullopt);
  batch.source.append(kSource);
}

}  // namespace optiinfra::fleet
