#include "catalog.hpp"

namespace optiinfra::fleet {
namespace {

using enum Provider;

constexpr ProviderNames kProviders[] = {{"aws", "ec2"}, {"gcp", "compute-engine"}, {"azure", "vm"}};

constexpr Home kHomes[] = {
    {"Harbor Chat", -300, kAws, kGcp, {"us-east-1", "us-east4", "eastus"}, 1.00, 6},
    {"Kestrel Code", -480, kGcp, kAws, {"us-west-2", "us-west1", "westus3"}, 1.00, 5},
    {"Lumen Legal", 60, kAzure, kAws, {"eu-central-1", "europe-west4", "westeurope"}, 1.15, 4},
    {"Indus Support", 330, kAws, kAzure, {"ap-south-1", "asia-south1", "centralindia"}, 1.12, 4},
    {"Sakura Search", 540, kGcp, kAzure, {"ap-northeast-1", "asia-northeast1", "japaneast"}, 1.25, 3},
    {"Pampa Retail", -180, kAws, kGcp, {"sa-east-1", "southamerica-east1", "brazilsouth"}, 1.40, 2},
};

constexpr Model kModels[] = {
    {"meta-llama/Llama-3.1-8B-Instruct", false, 0.08, 9.0, 84},
    {"meta-llama/Llama-3.3-70B-Instruct", true, 0.35, 24.0, 91},
    {"mistralai/Mistral-7B-Instruct-v0.3", false, 0.07, 8.5, 81},
    {"mistralai/Mixtral-8x7B-Instruct-v0.1", true, 0.18, 14.0, 86},
    {"Qwen/Qwen2.5-72B-Instruct", true, 0.36, 25.0, 91},
    {"Qwen/Qwen2.5-Coder-32B-Instruct", true, 0.20, 17.0, 89},
    {"CohereForAI/c4ai-command-r-plus", true, 0.42, 30.0, 92},
    {"deepseek-ai/DeepSeek-R1-Distill-Llama-70B", true, 0.35, 24.5, 90, 0.6},
    {"google/gemma-2-27b-it", true, 0.17, 16.0, 88},
    {"microsoft/Phi-3.5-mini-instruct", false, 0.04, 6.0, 79},
};

constexpr Workload kWorkloads[] = {
    {"chat", 350, 210, 0.45, 0},          {"retrieval", 2400, 160, 0.15, 0.02},
    {"code-completion", 900, 60, 0.6, 0}, {"summarization", 3200, 240, 0.05, 0},
    {"agent", 1500, 380, 0.7, 0.3},       {"extraction", 700, 90, 0.3, 0.1},
};

constexpr const char* kServiceTypes[] = {"vllm", "tgi", "vllm", "sglang"};

constexpr Machine kMachines[] = {
    {kAws, "p4d.24xlarge", 8, 40'960, 1152, 32.7726, "NVIDIA A100-SXM4-40GB", 400},
    {kAws, "p5.48xlarge", 8, 81'559, 2048, 98.3200, "NVIDIA H100 80GB HBM3", 700},
    {kAws, "g5.2xlarge", 1, 23'028, 32, 1.2120, "NVIDIA A10G", 300},
    {kAws, "g5.12xlarge", 4, 23'028, 192, 5.6720, "NVIDIA A10G", 300},
    {kAws, "c6i.4xlarge", 0, 0, 32, 0.6800, "", 0},
    {kGcp, "a2-highgpu-8g", 8, 40'960, 680, 29.3871, "NVIDIA A100-SXM4-40GB", 400},
    {kGcp, "a3-highgpu-8g", 8, 81'559, 1872, 88.2500, "NVIDIA H100 80GB HBM3", 700},
    {kGcp, "g2-standard-24", 2, 23'034, 96, 1.9987, "NVIDIA L4", 72},
    {kGcp, "a2-highgpu-1g", 1, 40'960, 85, 3.6734, "NVIDIA A100-SXM4-40GB", 400},
    {kGcp, "n2-standard-16", 0, 0, 64, 0.7769, "", 0},
    {kAzure, "Standard_ND96asr_v4", 8, 40'960, 900, 27.1970, "NVIDIA A100-SXM4-40GB", 400},
    {kAzure, "Standard_ND96isr_H100_v5", 8, 81'559, 1900, 98.3200, "NVIDIA H100 80GB HBM3", 700},
    {kAzure, "Standard_NC24ads_A100_v4", 1, 81'920, 220, 3.6730, "NVIDIA A100 80GB PCIe", 300},
    {kAzure, "Standard_NC48ads_A100_v4", 2, 81'920, 440, 7.3460, "NVIDIA A100 80GB PCIe", 300},
    {kAzure, "Standard_D16s_v5", 0, 0, 64, 0.7680, "", 0},
};
constexpr std::size_t kMachinesPerProvider = 5;

}  // namespace

const ProviderNames& names_of(Provider provider) { return kProviders[static_cast<std::size_t>(provider)]; }
std::span<const Home> homes() { return kHomes; }
std::span<const Model> models() { return kModels; }
std::span<const Workload> workloads() { return kWorkloads; }
std::span<const char* const> service_types() { return kServiceTypes; }

std::span<const Machine> machines(Provider provider, MachineUse use) {
  const auto all = std::span(kMachines).subspan(static_cast<std::size_t>(provider) * kMachinesPerProvider,
                                                kMachinesPerProvider);
  switch (use) {
    case MachineUse::kLarge:
      return all.subspan(0, 2);
    case MachineUse::kSmall:
      return all.subspan(2, 2);
    case MachineUse::kGateway:
      break;
  }
  return all.subspan(4, 1);
}

}  // namespace optiinfra::fleet
