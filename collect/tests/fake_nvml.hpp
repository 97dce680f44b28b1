// What a test tells the fake GPU library through fake_nvml_control().
#pragma once

#include <vector>

namespace optiinfra::fake_nvml {

struct Gpu {
  const char* name = "NVIDIA H100 80GB HBM3";
  unsigned utilization = 0;
  unsigned long long memory_used = 0, memory_total = 0;
  unsigned temperature = 0;
  int handle_code = 0, utilization_code = 0, memory_code = 0, temperature_code = 0;
};

struct Control {
  int init_code = 0, count_code = 0;
  std::vector<Gpu> gpus;
  int sessions = 0;  ///< nvmlInit_v2 calls that succeeded, less nvmlShutdown calls.
};

}  // namespace optiinfra::fake_nvml
