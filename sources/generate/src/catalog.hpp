// What the world offers: models, workloads, clouds and their prices. Names are real, customers are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace optiinfra::fleet {

enum class Provider { kAws, kGcp, kAzure };

struct ProviderNames {
  const char* name;
  const char* service;  ///< What cost_metrics_ts calls service_name.
};
const ProviderNames& names_of(Provider provider);

/// Where a customer's users live and its instances stand.
struct Home {
  const char* customer;
  int utc_offset_minutes;
  Provider provider, second_provider;
  const char* regions[3];  ///< By Provider.
  double price_factor;     ///< Of the region, over the price in the United States.
  std::size_t service_count;
};
std::span<const Home> homes();

struct Model {
  const char* name;
  bool large;  ///< Needs an instance with eight GPUs.
  double prefill_ms_per_token;
  double decode_ms_per_token;  ///< On an idle instance.
  int quality_percent;         ///< Typical score of its answers.
  double reasoning_share = 0;  ///< Of its tokens; 0: it does not tell them apart.
};
std::span<const Model> models();

struct Workload {
  const char* name;
  double prompt_tokens, completion_tokens;  ///< Medians.
  double cached_share;                      ///< Of its prompts, what the prefix cache has on average.
  double tool_call_share;                   ///< Of its answers, those that end with a call of a tool.
};
std::span<const Workload> workloads();

std::span<const char* const> service_types();

/// On-demand price levels are those that the clouds listed in 2024 for their United States regions.
struct Machine {
  Provider provider;
  const char* type;
  unsigned gpu_count;
  std::uint32_t gpu_memory_mb;  ///< As nvidia-smi shows it; 0 without a GPU.
  std::uint32_t memory_gb;
  double on_demand_cost_per_hour;
  const char* gpu_name;  ///< As nvidia-smi shows it; empty without a GPU.
  double gpu_power_max_w;
};

enum class MachineUse {
  kLarge,    ///< Eight GPUs, for models that are large.
  kSmall,    ///< For the others.
  kGateway,  ///< No GPU.
};
std::span<const Machine> machines(Provider provider, MachineUse use);

}  // namespace optiinfra::fleet
