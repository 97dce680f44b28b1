#include "nvml.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <array>

namespace optiinfra::host {

// As in nvml.h; NVIDIA keeps them stable. The suffix _v2 is part of the exported name.
using NvmlCode = int;
using NvmlDevice = struct NvmlDeviceOpaque*;
constexpr NvmlCode kNvmlSuccess = 0;
constexpr NvmlCode kNvmlNotSupported = 3;
constexpr int kNvmlTemperatureOfGpu = 0;

struct NvmlUtilization {
  unsigned gpu;
  unsigned memory;
};
struct NvmlMemory {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

struct NvmlFunctions {
  void* handle = nullptr;
  bool initialised = false;
  NvmlCode (*init)() = nullptr;
  NvmlCode (*shutdown)() = nullptr;
  const char* (*error_string)(NvmlCode) = nullptr;
  NvmlCode (*device_count)(unsigned*) = nullptr;
  NvmlCode (*device_by_index)(unsigned, NvmlDevice*) = nullptr;
  NvmlCode (*device_name)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlCode (*utilization)(NvmlDevice, NvmlUtilization*) = nullptr;
  NvmlCode (*memory)(NvmlDevice, NvmlMemory*) = nullptr;
  NvmlCode (*temperature)(NvmlDevice, int, unsigned*) = nullptr;
  // Null in drivers that lack them.
  NvmlCode (*device_uuid)(NvmlDevice, char*, unsigned) = nullptr;
  NvmlCode (*power_mw)(NvmlDevice, unsigned*) = nullptr;
  NvmlCode (*energy_mj)(NvmlDevice, unsigned long long*) = nullptr;
  NvmlCode (*throttle_reasons)(NvmlDevice, unsigned long long*) = nullptr;

  NvmlFunctions() = default;
  NvmlFunctions(const NvmlFunctions&) = delete;
  NvmlFunctions& operator=(const NvmlFunctions&) = delete;
  ~NvmlFunctions() {
    if (initialised) shutdown();
    if (handle != nullptr) dlclose(handle);
  }
};

namespace {

template <typename Function>
bool resolve(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

bool resolve_all(NvmlFunctions& nvml) {
  return resolve(nvml.handle, "nvmlInit_v2", nvml.init) &&
         resolve(nvml.handle, "nvmlShutdown", nvml.shutdown) &&
         resolve(nvml.handle, "nvmlErrorString", nvml.error_string) &&
         resolve(nvml.handle, "nvmlDeviceGetCount_v2", nvml.device_count) &&
         resolve(nvml.handle, "nvmlDeviceGetHandleByIndex_v2", nvml.device_by_index) &&
         resolve(nvml.handle, "nvmlDeviceGetName", nvml.device_name) &&
         resolve(nvml.handle, "nvmlDeviceGetUtilizationRates", nvml.utilization) &&
         resolve(nvml.handle, "nvmlDeviceGetMemoryInfo", nvml.memory) &&
         resolve(nvml.handle, "nvmlDeviceGetTemperature", nvml.temperature);
}

void resolve_optional(NvmlFunctions& nvml) {
  resolve(nvml.handle, "nvmlDeviceGetUUID", nvml.device_uuid);
  resolve(nvml.handle, "nvmlDeviceGetPowerUsage", nvml.power_mw);
  resolve(nvml.handle, "nvmlDeviceGetTotalEnergyConsumption", nvml.energy_mj);
  resolve(nvml.handle, "nvmlDeviceGetCurrentClocksThrottleReasons", nvml.throttle_reasons);
}

std::string failure_text(const NvmlFunctions& nvml, NvmlCode code) {
  const char* text = nvml.error_string(code);
  return (text != nullptr ? std::string(text) : "unknown error") + " (NVML code " + std::to_string(code) +
         ")";
}

std::string gpu_text(unsigned index) { return "GPU " + std::to_string(index); }

/// Empty when the driver does not say.
std::string text_of(const NvmlFunctions& nvml, unsigned index,
                    NvmlCode (*function)(NvmlDevice, char*, unsigned)) {
  std::array<char, 96> text{};
  NvmlDevice device = nullptr;
  if (function == nullptr || nvml.device_by_index(index, &device) != kNvmlSuccess) return "";
  if (function(device, text.data(), text.size() - 1) != kNvmlSuccess) return "";
  return text.data();
}

/// Reads the values of one GPU one after the other, and stops at the first that fails.
class GpuReader {
 public:
  GpuReader(const NvmlFunctions& nvml, unsigned index, std::vector<std::string>& warnings)
      : nvml_(nvml), index_(index), warnings_(warnings) {}

  Result<GpuReading> read() {
    GpuReading reading;
    NvmlDevice device = nullptr;
    NvmlUtilization utilization{};
    NvmlMemory memory{};
    unsigned celsius = 0;
    OPTIINFRA_CHECK(failed("handle", nvml_.device_by_index(index_, &device)));
    constexpr double kBytesPerMib = 1 << 20;
    const auto mib = [](unsigned long long bytes) {
      return static_cast<float>(static_cast<double>(bytes) / kBytesPerMib);
    };
    OPTIINFRA_TRY(const bool has_utilization, has("utilization", nvml_.utilization(device, &utilization)));
    if (has_utilization) reading.utilization_percent = static_cast<float>(std::min(utilization.gpu, 100u));
    OPTIINFRA_TRY(const bool has_memory, has("memory", nvml_.memory(device, &memory)));
    if (has_memory) {
      reading.memory_used_mib = mib(memory.used);
      reading.memory_total_mib = mib(memory.total);
    }
    OPTIINFRA_TRY(const bool has_temperature,
                  has("temperature", nvml_.temperature(device, kNvmlTemperatureOfGpu, &celsius)));
    if (has_temperature) reading.temperature_celsius = static_cast<float>(celsius);
    if (const auto power_mw = optional_value("power", nvml_.power_mw, device))
      reading.power_w = static_cast<float>(*power_mw) / 1000;
    reading.energy_mj = optional_value("energy", nvml_.energy_mj, device);
    // The mask has nine bits of its 64 in use.
    if (const auto reasons = optional_value("throttle reasons", nvml_.throttle_reasons, device))
      reading.throttle_reasons = static_cast<std::uint32_t>(*reasons);
    return reading;
  }

 private:
  template <typename Value>
  std::optional<Value> optional_value(std::string_view what, NvmlCode (*function)(NvmlDevice, Value*),
                                      NvmlDevice device) {
    Value value{};
    const NvmlCode code = function != nullptr ? function(device, &value) : kNvmlNotSupported;
    if (code == kNvmlSuccess) return value;
    if (code != kNvmlNotSupported)
      warnings_.push_back(gpu_text(index_) + ": its " + std::string(what) +
                          " cannot be read: " + failure_text(nvml_, code));
    return std::nullopt;
  }

  Result<void> failed(std::string_view what, NvmlCode code) const {
    if (code == kNvmlSuccess) return {};
    return Error{ErrorKind::kUnavailable, gpu_text(index_) + " is left out: its " + std::string(what) +
                                              " cannot be read: " + failure_text(nvml_, code)};
  }

  /// Whether the GPU has the value; it may lack some: utilization under MIG, for example.
  Result<bool> has(std::string_view what, NvmlCode code) {
    if (code != kNvmlNotSupported) {
      OPTIINFRA_CHECK(failed(what, code));
      return true;
    }
    warnings_.push_back(gpu_text(index_) + " does not support " + std::string(what) + ": it is left out");
    return false;
  }

  const NvmlFunctions& nvml_;
  unsigned index_;
  std::vector<std::string>& warnings_;
};

}  // namespace

Nvml::Nvml(std::unique_ptr<NvmlFunctions> functions) : functions_(std::move(functions)) {}
Nvml::~Nvml() = default;
Nvml::Nvml(Nvml&&) noexcept = default;
Nvml& Nvml::operator=(Nvml&&) noexcept = default;

Result<Nvml> Nvml::open(const std::string& library) {
  const auto unavailable = [&library](const std::string& why) {
    return Error{ErrorKind::kUnavailable, library + ": " + why};
  };
  auto functions = std::make_unique<NvmlFunctions>();
  functions->handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (functions->handle == nullptr)
    return unavailable("not found; this host has no NVIDIA driver, or hides it");
  if (!resolve_all(*functions))
    return unavailable("lacks functions of NVML; it is older than driver 450, or not NVML");
  resolve_optional(*functions);
  if (const NvmlCode code = functions->init(); code != kNvmlSuccess) {
    return unavailable("the driver does not start: " + failure_text(*functions, code));
  }
  functions->initialised = true;
  Nvml nvml(std::move(functions));
  if (const NvmlCode code = nvml.functions_->device_count(&nvml.gpu_count_); code != kNvmlSuccess) {
    return unavailable("the GPUs cannot be counted: " + failure_text(*nvml.functions_, code));
  }
  return nvml;
}

std::string Nvml::name(unsigned index) const { return text_of(*functions_, index, functions_->device_name); }

std::string Nvml::uuid(unsigned index) const { return text_of(*functions_, index, functions_->device_uuid); }

Result<GpuReading> Nvml::read(unsigned index, std::vector<std::string>& warnings) const {
  return GpuReader(*functions_, index, warnings).read();
}

}  // namespace optiinfra::host
