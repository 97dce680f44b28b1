#include "fake_nvml.hpp"

#include <cstdio>

using optiinfra::fake_nvml::Control;
using optiinfra::fake_nvml::Gpu;

namespace {
Control control;

struct Utilization {
  unsigned gpu, memory;
};
struct Memory {
  unsigned long long total, free, used;
};
}  // namespace

extern "C" {

Control* fake_nvml_control() { return &control; }

int nvmlInit_v2() {
  if (control.init_code == 0) ++control.sessions;
  return control.init_code;
}

int nvmlShutdown() { return --control.sessions, 0; }

const char* nvmlErrorString(int code) {
  return code == 15 ? "GPU is lost" : code == 9 ? "Driver Not Loaded" : "Other";
}

int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = static_cast<unsigned>(control.gpus.size());
  return control.count_code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = &control.gpus.at(index);
  return control.gpus.at(index).handle_code;
}

int nvmlDeviceGetName(void* device, char* name, unsigned length) {
  return std::snprintf(name, length, "%s", static_cast<Gpu*>(device)->name), 0;
}

int nvmlDeviceGetUUID(void* device, char* uuid, unsigned length) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.uuid_code == 0) std::snprintf(uuid, length, "GPU-c4f2a8e1-0000-0000-0000-000000000000");
  return gpu.uuid_code;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.power_code == 0) *milliwatts = gpu.power_mw;
  return gpu.power_code;
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.energy_code == 0) *millijoules = gpu.energy_mj;
  return gpu.energy_code;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* reasons) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.throttle_code == 0) *reasons = gpu.throttle_reasons;
  return gpu.throttle_code;
}

int nvmlDeviceGetUtilizationRates(void* device, Utilization* utilization) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.utilization_code == 0) *utilization = {gpu.utilization, 0};
  return gpu.utilization_code;
}

int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (gpu.memory_code == 0) *memory = {gpu.memory_total, gpu.memory_total - gpu.memory_used, gpu.memory_used};
  return gpu.memory_code;
}

int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius) {
  const Gpu& gpu = *static_cast<Gpu*>(device);
  if (sensor != 0) return 2;
  if (gpu.temperature_code == 0) *celsius = gpu.temperature;
  return gpu.temperature_code;
}

}  // extern "C"
