// What a test tells the fake GPU library through fake_nvml_control().
#pragma once

#include <vector>

namespace optiinfra::fake_nvml {

struct Gpu {
  const char* name = "NVIDIA H100 80GB HBM3";
  unsigned utilization = 0;
  unsigned long long memory_used = 0, memory_total = 0;
  unsigned temperature = 0;
  unsigned power_mw = 0;
  unsigned long long energy_mj = 1'000'000, throttle_reasons = 0;
  int handle_code = 0, utilization_code = 0, memory_code = 0, temperature_code = 0;
  int uuid_code = 0, power_code = 0, energy_code = 0, throttle_code = 0;
};

struct Control {
  int init_code = 0, count_code = 0;
  std::vector<Gpu> gpus;
  int sessions = 0;  ///< nvmlInit_v2 calls that succeeded, less nvmlShutdown calls.
};

}  // namespace optiinfra::fake_nvml
