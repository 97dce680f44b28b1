#include "optiinfra/host/host_sampler.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "nvml.hpp"
#include "proc.hpp"

namespace optiinfra::host {
namespace {

constexpr std::size_t kKernelFileBytesMax = std::size_t{16} << 20;
constexpr unsigned kGpusMax = 256;  // What gpu_index can name.

Result<std::string> read_file(const std::filesystem::path& path) {
  const auto unreadable = [&path](const char* why) {
    return Error{ErrorKind::kStorage, path.string() + " cannot be read: " + why};
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return unreadable(std::strerror(errno));
  std::string text;
  std::array<char, 16'384> chunk;
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), count);
    if (text.size() > kKernelFileBytesMax) return unreadable("it is over 16 MiB long");
  }
  if (std::ferror(file.get()) != 0) return unreadable(std::strerror(errno));
  return text;
}

bool is_present(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// Drops the interfaces whose bytes another interface counts too. The public header gives the rule.
void keep_physical(std::vector<InterfaceBytes>& interfaces, const std::filesystem::path& sys_root) {
  const auto folder = sys_root / "class" / "net";
  const auto has_device = [&](const InterfaceBytes& each) {
    return is_present(folder / each.name / "device");
  };
  if (std::any_of(interfaces.begin(), interfaces.end(), has_device)) {
    std::erase_if(interfaces, [&](const InterfaceBytes& each) { return !has_device(each); });
    return;
  }
  std::erase_if(interfaces, [&](const InterfaceBytes& each) {
    return each.name == "lo" || is_present(folder / each.name / "bridge") ||
           is_present(folder / each.name / "brport");
  });
}

/// One reading of the kernel's counters.
struct Counters {
  std::chrono::steady_clock::time_point time;
  CpuTicks ticks{};
  MemoryBytes memory;
  std::vector<InterfaceBytes> interfaces;
};

Result<Counters> read_counters(const HostSamplerOptions& options) {
  Counters counters;
  OPTIINFRA_TRY(const std::string stat, read_file(options.proc_root / "stat"));
  OPTIINFRA_TRY(const std::string meminfo, read_file(options.proc_root / "meminfo"));
  OPTIINFRA_TRY(const std::string net_dev, read_file(options.proc_root / "net" / "dev"));
  counters.time = options.monotonic_clock();
  OPTIINFRA_TRY(counters.ticks, parse_cpu_ticks(stat));
  OPTIINFRA_TRY(counters.memory, parse_memory(meminfo));
  OPTIINFRA_TRY(counters.interfaces, parse_network(net_dev));
  keep_physical(counters.interfaces, options.sys_root);
  return counters;
}

float rounded(double value, double steps_per_unit) {
  return static_cast<float>(std::round(value * steps_per_unit) / steps_per_unit);
}

/// Absent until time has passed, and where a counter started again.
struct Rates {
  std::optional<float> cpu_percent = {};
  std::optional<float> received_mbps = {};
  std::optional<float> sent_mbps = {};
};

Rates rates_between(const Counters& before, const Counters& after, Rates last) {
  if (const auto busy = busy_percent(before.ticks, after.ticks)) last.cpu_percent = rounded(*busy, 100);
  const double elapsed_seconds = std::chrono::duration<double>(after.time - before.time).count();
  if (elapsed_seconds <= 0) return last;
  const BytesMoved moved = bytes_between(before.interfaces, after.interfaces);
  const auto mbps = [elapsed_seconds](std::optional<std::uint64_t> bytes) -> std::optional<float> {
    if (!bytes) return std::nullopt;
    return rounded(static_cast<double>(*bytes) * 8 / 1e6 / elapsed_seconds, 1000);
  };
  last.received_mbps = mbps(moved.received);
  last.sent_mbps = mbps(moved.sent);
  return last;
}

std::string first_line(const std::string& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::size_t last = text.find_last_not_of(" \t\r", end == 0 ? 0 : end - 1);
  return end == 0 || last == std::string::npos ? "" : text.substr(0, last + 1);
}

std::string machine_type(const std::filesystem::path& sys_root) {
  const auto text = read_file(sys_root / "class" / "dmi" / "id" / "product_name");
  return text ? first_line(*text) : "";
}

std::string host_name() {
  std::array<char, 256> text{};
  return gethostname(text.data(), text.size() - 1) == 0 ? text.data() : "";
}

Result<void> complete(HostSamplerOptions& options) {
  const auto wrong = [](const char* message) { return invalid_argument(message); };
  if (options.customer_id.is_nil())
    return wrong("customer_id must not be the nil UUID; give the customer's own");
  if (options.instance_id.empty()) options.instance_id = host_name();
  if (options.instance_id.empty()) return wrong("this host has no name; give instance_id");
  if (!options.instance_type) options.instance_type = machine_type(options.sys_root);
  if (options.instance_id.size() > kTextBytesMax || options.instance_type->size() > kTextBytesMax) {
    return wrong("instance_id and instance_type must have at most 4096 bytes");
  }
  return {};
}

}  // namespace

struct HostSampler::State {
  HostSamplerOptions options;
  Counters before;
  Rates rates;
  std::optional<Nvml> nvml;
  std::vector<HostGpu> gpus;
  /// Of each GPU, what its energy counter said last.
  std::vector<std::optional<std::uint64_t>> energy_mj;
  std::string gpu_note;
  std::vector<std::string> warnings;

  void find_gpus() {
    if (options.nvml_library.empty()) {
      gpu_note = "GPUs were not asked for";
      return;
    }
    auto opened = Nvml::open(options.nvml_library);
    if (!opened) {
      gpu_note = opened.error().message;
      return;
    }
    for (unsigned index = 0; index < std::min(opened->gpu_count(), kGpusMax); ++index) {
      gpus.push_back({static_cast<std::uint8_t>(index), opened->name(index), opened->uuid(index)});
      const auto baseline = opened->read(index, warnings);
      energy_mj.push_back(baseline ? baseline->energy_mj : std::nullopt);
    }
    if (gpus.empty()) gpu_note = options.nvml_library + ": the driver knows no GPU";
    nvml.emplace(*std::move(opened));
  }

  /// Since the reading before; absent where one of both is, and where the counter started again.
  std::optional<float> joules_since(std::size_t gpu, std::optional<std::uint64_t> now) {
    const auto last = std::exchange(energy_mj[gpu], now);
    if (!last || !now || *now < *last) return std::nullopt;
    return static_cast<float>(static_cast<double>(*now - *last) / 1000);
  }

  ResourceMetric host_row(sys_seconds clock) const {
    constexpr double kBytesPerGb = 1e9;
    const auto gigabytes = [](std::uint64_t bytes) {
      return rounded(static_cast<double>(bytes) / kBytesPerGb, 1000);
    };
    ResourceMetric row;
    row.timestamp = clock;
    row.customer_id = options.customer_id;
    row.instance_id = options.instance_id;
    row.instance_type = *options.instance_type;
    row.cpu_utilization = rates.cpu_percent;
    row.memory_used_gb = gigabytes(before.memory.used);
    row.memory_total_gb = gigabytes(before.memory.total);
    row.network_rx_mbps = rates.received_mbps;
    row.network_tx_mbps = rates.sent_mbps;
    return row;
  }

  std::vector<ResourceMetric> rows(sys_seconds clock) {
    std::vector<ResourceMetric> rows;
    const ResourceMetric host = host_row(clock);
    for (std::size_t i = 0; i < gpus.size(); ++i) {
      const HostGpu& gpu = gpus[i];
      auto reading = nvml->read(gpu.index, warnings);
      if (!reading) {
        warnings.push_back(std::move(reading).error().message);
        continue;
      }
      ResourceMetric& row = rows.emplace_back(host);
      row.gpu_index = gpu.index;
      row.gpu_name = gpu.name;
      row.gpu_uuid = gpu.uuid;
      row.gpu_utilization = reading->utilization_percent;
      row.gpu_memory_used_mb = reading->memory_used_mib;
      row.gpu_memory_total_mb = reading->memory_total_mib;
      row.gpu_temperature = reading->temperature_celsius;
      row.gpu_power_w = reading->power_w;
      row.gpu_energy_j = joules_since(i, reading->energy_mj);
      row.gpu_throttle_reasons = reading->throttle_reasons;
    }
    if (rows.empty()) rows.push_back(host);
    return rows;
  }
};

HostSampler::HostSampler(std::unique_ptr<State> state) : state_(std::move(state)) {}
HostSampler::~HostSampler() = default;
HostSampler::HostSampler(HostSampler&&) noexcept = default;
HostSampler& HostSampler::operator=(HostSampler&&) noexcept = default;

Result<HostSampler> HostSampler::open(HostSamplerOptions options) {
  OPTIINFRA_CHECK(complete(options));
  auto state = std::make_unique<State>();
  state->options = std::move(options);
  state->find_gpus();
  OPTIINFRA_TRY(state->before, read_counters(state->options));
  return HostSampler(std::move(state));
}

Result<std::vector<ResourceMetric>> HostSampler::sample(sys_seconds clock) {
  OPTIINFRA_TRY(Counters after, read_counters(state_->options));
  state_->rates = rates_between(state_->before, after, state_->rates);
  state_->before = std::move(after);
  state_->warnings.clear();
  return state_->rows(clock);
}

const std::vector<std::string>& HostSampler::warnings() const noexcept { return state_->warnings; }
const std::vector<HostGpu>& HostSampler::gpus() const noexcept { return state_->gpus; }
const std::string& HostSampler::gpu_note() const noexcept { return state_->gpu_note; }
const std::string& HostSampler::instance_id() const noexcept { return state_->options.instance_id; }
const std::string& HostSampler::instance_type() const noexcept { return *state_->options.instance_type; }

}  // namespace optiinfra::host
