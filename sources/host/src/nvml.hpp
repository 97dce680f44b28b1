// NVIDIA's management library, loaded when it is there. The declarations in nvml.cpp are ours.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::host {

struct NvmlFunctions;

struct GpuReading {
  std::optional<float> utilization_percent;
  std::optional<float> memory_used_mib;
  std::optional<float> memory_total_mib;
  std::optional<float> temperature_celsius;
  std::optional<float> power_w;
  std::optional<std::uint64_t> energy_mj;  ///< Used since the driver was loaded.
  std::optional<std::uint32_t> throttle_reasons;
};

class Nvml {
 public:
  /// Errors: kUnavailable, saying whether the library, one of its functions or the driver is missing.
  static Result<Nvml> open(const std::string& library);

  ~Nvml();
  Nvml(Nvml&&) noexcept;
  Nvml& operator=(Nvml&&) noexcept;

  unsigned gpu_count() const noexcept { return gpu_count_; }

  /// Empty when the driver does not say.
  std::string name(unsigned index) const;
  std::string uuid(unsigned index) const;

  /// A value that the GPU does not support is absent and adds a sentence to `warnings`; power, energy and
  /// throttling, which many lack, are absent without one.
  /// Errors: kUnavailable, naming the GPU and what failed.
  Result<GpuReading> read(unsigned index, std::vector<std::string>& warnings) const;

 private:
  explicit Nvml(std::unique_ptr<NvmlFunctions> functions);
  std::unique_ptr<NvmlFunctions> functions_;
  unsigned gpu_count_ = 0;
};

}  // namespace optiinfra::host
