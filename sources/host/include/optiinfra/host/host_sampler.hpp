/// @file optiinfra/host/host_sampler.hpp
/// Samples the host that this process runs on into rows of resource_metrics_ts. Linux only.
///
/// What the values mean:
/// - cpu_utilization: busy time of all cores as a share of all their time since the sample before,
///   in percent, to 0.01. Busy is everything but idle and waiting for disks (iowait); time that a
///   hypervisor took away (steal) counts as busy, because this host had work for it.
/// - memory_used_gb, memory_total_gb: MemTotal - MemAvailable, and MemTotal; 1 GB = 10^9 bytes.
/// - network_rx_mbps, network_tx_mbps: 10^6 bits per second since the sample before, over interfaces
///   with a device behind them. Loopback, bridges, veth pairs, tunnels, bonds and VLANs are left out:
///   their traffic passes a device too and would count twice. When no interface has a device, as in a
///   container, all count except loopback, bridges and members of bridges. When a counter is reset, that
///   sample has no value; an interface that has just appeared is counted from the next sample on.
/// - gpu_utilization: percent, as the driver measures it over its own last period (up to a second).
/// - gpu_memory_used_mb, gpu_memory_total_mb: MiB (2^20 bytes), the number that nvidia-smi shows as
///   MiB; used includes what the driver reserves for itself. gpu_temperature: degrees Celsius.
/// - gpu_power_w, gpu_energy_j, gpu_throttle_reasons, gpu_uuid: as the driver measures them; energy since the
///   sample before. Absent on GPUs and drivers that lack them, without a warning.
///
/// In a container processors and memory are still those of the whole machine, and a cgroup's limits
/// are not applied: the row describes the instance that someone pays for.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::host {

struct HostSamplerOptions {
  /// The customer whose instance this is. Must not be nil.
  Uuid customer_id;

  /// Empty: the host's name.
  std::string instance_id;

  /// Absent: what the machine says of itself (DMI product name: "p5.48xlarge" on AWS, "Google Compute
  /// Engine" on GCP, "Virtual Machine" on Azure), or "" when it says nothing.
  std::optional<std::string> instance_type = {};

  /// Where to find the kernel's files and the GPU library. An empty library name samples no GPUs.
  std::filesystem::path proc_root = "/proc";
  std::filesystem::path sys_root = "/sys";
  std::string nvml_library = "libnvidia-ml.so.1";

  /// The clock that rates are measured with.
  std::function<std::chrono::steady_clock::time_point()> monotonic_clock = std::chrono::steady_clock::now;
};

struct HostGpu {
  std::uint8_t index = 0;  ///< As in the rows' gpu_index.
  std::string name;        ///< "NVIDIA H100 80GB HBM3"; empty when the driver would not say.
  std::string uuid = {};   ///< "GPU-c4f2a8e1-..."; empty when the driver would not say.
};

/// Threads: one call at a time. A call takes well under a millisecond without GPUs; with them it waits
/// for the driver, which a failing GPU can delay for seconds.
class HostSampler {
 public:
  /// Takes the baseline, so that the first sample covers the time since this call. A host without a
  /// GPU, or without the GPU library, is not an error: see gpu_note().
  /// Errors: kInvalidArgument for a nil customer or an identifier over kTextBytesMax bytes; kStorage
  /// when one of stat, meminfo and net/dev cannot be read; kCorrupt when one has an unknown form.
  static Result<HostSampler> open(HostSamplerOptions options);

  ~HostSampler();
  HostSampler(HostSampler&&) noexcept;
  HostSampler& operator=(HostSampler&&) noexcept;

  /// One row per GPU, by index, all with the same values of the host; or one row with gpu_index 0 and
  /// no GPU values when no GPU can be read. `clock` becomes the rows' timestamp as it is.
  ///
  /// A GPU that fails has no row in this sample, and a value that a GPU does not support is absent;
  /// warnings() says so. When no time has passed since the sample before, its rates are repeated.
  /// Errors: kStorage and kCorrupt as in open(). The baseline then stays, and the next sample that
  /// succeeds covers the time since the last one that did.
  Result<std::vector<ResourceMetric>> sample(sys_seconds clock);

  /// What the last sample left out, and why: one sentence each. Empty when it has everything.
  const std::vector<std::string>& warnings() const noexcept;

  const std::vector<HostGpu>& gpus() const noexcept;

  /// Why there are no GPUs in the sample: no library, no driver, no device. Empty when there are some.
  const std::string& gpu_note() const noexcept;

  const std::string& instance_id() const noexcept;
  const std::string& instance_type() const noexcept;

 private:
  struct State;
  explicit HostSampler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::host
