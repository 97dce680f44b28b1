#include <algorithm>
#include <charconv>

#include "row_text.hpp"
#include "subject_values.hpp"

namespace optiinfra::exposition {
namespace {

std::optional<double> scaled(std::optional<double> value, double scale) {
  if (!value) return std::nullopt;
  return *value * scale;
}

std::optional<double> busy_percent(const SubjectValues& host) {
  if (const auto told = percentage(host[Quantity::kCpuPercent])) return told;
  const auto all = host[Quantity::kCpuSeconds], idle = host[Quantity::kCpuIdleSeconds];
  if (!all || !idle || *all <= 0) return std::nullopt;
  return std::clamp(100 * (1 - *idle / *all), 0.0, 100.0);
}

std::optional<double> memory_used(const SubjectValues& host) {
  if (const auto told = host[Quantity::kMemoryUsedBytes]) return told;
  const auto total = host[Quantity::kMemoryTotalBytes], available = host[Quantity::kMemoryAvailableBytes];
  if (!total || !available) return std::nullopt;
  return *total - *available;
}

std::optional<double> gpu_memory_total(const SubjectValues& gpu) {
  if (const auto told = gpu[Quantity::kGpuMemoryTotal]) return told;
  const auto used = gpu[Quantity::kGpuMemoryUsed], free = gpu[Quantity::kGpuMemoryFree];
  if (!used || !free) return std::nullopt;
  // Drivers before 510 have no reserved memory of their own.
  return *used + *free + gpu[Quantity::kGpuMemoryReserved].value_or(0);
}

std::optional<double> megabits_per_second(std::optional<double> bytes, std::optional<double> seconds) {
  if (!bytes || !seconds || *seconds <= 0) return std::nullopt;
  return *bytes * 8 / 1e6 / *seconds;
}

void set_host(ResourceMetric& row, const SubjectValues& host, std::optional<double> seconds) {
  constexpr double kBytesPerGb = 1e9;
  row.cpu_utilization = as_float(busy_percent(host));
  row.memory_used_gb = as_float(non_negative(scaled(memory_used(host), 1 / kBytesPerGb)));
  row.memory_total_gb = as_float(non_negative(scaled(host[Quantity::kMemoryTotalBytes], 1 / kBytesPerGb)));
  row.network_rx_mbps = as_float(megabits_per_second(host[Quantity::kNetworkReceivedBytes], seconds));
  row.network_tx_mbps = as_float(megabits_per_second(host[Quantity::kNetworkSentBytes], seconds));
}

std::uint8_t gpu_index(const ReadSubject& subject, const SubjectValues& gpu) {
  if (const auto told = gpu[Quantity::kGpuIndex]; told && *told >= 0 && *told <= 255)
    return static_cast<std::uint8_t>(*told);
  std::uint8_t index = 0;
  const std::string& text = subject.gpu_index;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  return error == std::errc{} && end == text.data() + text.size() ? index : std::uint8_t{0};
}

void set_gpu(ResourceMetric& row, const ReadSubject& subject, const SubjectValues& gpu) {
  row.gpu_index = gpu_index(subject, gpu);
  row.gpu_uuid = fitting_text(subject.gpu_uuid);
  row.gpu_name = fitting_text(subject.gpu_name);
  row.mig_profile = fitting_text(subject.mig_profile);
  row.gpu_utilization = as_float(percentage(gpu[Quantity::kGpuUtilization]));
  row.gpu_memory_used_mb = as_float(non_negative(gpu[Quantity::kGpuMemoryUsed]));
  row.gpu_memory_total_mb = as_float(non_negative(gpu_memory_total(gpu)));
  row.gpu_temperature = as_float(gpu[Quantity::kGpuTemperature]);
  row.gpu_memory_temperature = as_float(gpu[Quantity::kGpuMemoryTemperature]);
  row.gpu_power_w = as_float(non_negative(gpu[Quantity::kGpuPower]));
  row.gpu_energy_j = as_float(non_negative(gpu[Quantity::kGpuEnergy]));
  row.gpu_tensor_active = as_float(percentage(gpu[Quantity::kGpuTensorActive]));
  row.gpu_dram_active = as_float(percentage(gpu[Quantity::kGpuDramActive]));
  row.gpu_throttle_reasons = as_count(gpu[Quantity::kGpuThrottleReasons]);
  row.gpu_xid = as_count(gpu[Quantity::kGpuXid]);
}

bool measures_something(const ResourceMetric& row) {
  bool measures = false;
  for (const auto& each : {row.gpu_utilization, row.gpu_memory_used_mb, row.gpu_memory_total_mb,
                           row.gpu_temperature, row.cpu_utilization, row.memory_used_gb, row.memory_total_gb,
                           row.network_rx_mbps, row.network_tx_mbps, row.gpu_power_w, row.gpu_energy_j,
                           row.gpu_memory_temperature, row.gpu_tensor_active, row.gpu_dram_active})
    measures = measures || each.has_value();
  return measures || row.gpu_throttle_reasons || row.gpu_xid;
}

}  // namespace

std::vector<ResourceMetric> resource_rows(const MetricsReading& after,
                                          const std::vector<SubjectValues>& values, const AliasTable& aliases,
                                          const TargetOwner& owner, std::optional<double> seconds) {
  ResourceMetric common;
  common.timestamp = std::chrono::floor<std::chrono::seconds>(after.time);
  common.customer_id = owner.customer_id;
  common.instance_type = fitting_text(owner.instance_type);
  std::vector<ResourceMetric> rows;
  const auto add = [&](const ReadSubject& subject) -> ResourceMetric& {
    ResourceMetric& row = rows.emplace_back(common);
    const bool is_told = !owner.is_instance_chosen && !subject.instance.empty();
    row.instance_id = fitting_text(is_told ? subject.instance : owner.instance_id);
    row.source = aliases.sources()[subject.source].name;
    return row;
  };
  const ReadSubject* host = nullptr;
  for (std::size_t i = 0; i < after.subjects.size(); ++i) {
    if (after.subjects[i].kind != QuantitySubject::kHost) continue;
    host = &after.subjects[i];
    set_host(common, values[i], seconds);
  }
  for (std::size_t i = 0; i < after.subjects.size(); ++i)
    if (after.subjects[i].kind == QuantitySubject::kGpu)
      set_gpu(add(after.subjects[i]), after.subjects[i], values[i]);
  if (rows.empty() && host != nullptr) add(*host);
  std::erase_if(rows, [](const ResourceMetric& row) { return !measures_something(row); });
  return rows;
}

}  // namespace optiinfra::exposition
