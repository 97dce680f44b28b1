// Samples the machine that runs the tests.
#include <gtest/gtest.h>

#include <thread>

#include "optiinfra/host/host_sampler.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::host {
namespace {

TEST(HostSamplerHere, EveryRowPassesTheSchemaAndLooksLikeAMachine) {
  auto sampler = HostSampler::open({.customer_id = Uuid::random(), .instance_id = "", .instance_type = {}});
  ASSERT_TRUE(sampler) << sampler.error().message;
  const auto busy_until = std::chrono::steady_clock::now() + std::chrono::milliseconds{300};
  while (std::chrono::steady_clock::now() < busy_until) {
  }
  const sys_seconds clock = now();
  const auto rows = sampler->sample(clock);
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), std::max<std::size_t>(1, sampler->gpus().size()));
  ResourceBatch batch;
  batch.append(*rows);
  const Validation validation = validate<ResourceMetric>(batch, clock);
  EXPECT_TRUE(validation.ok()) << validation.refused.front().to_string();

  const ResourceMetric& row = rows->front();
  EXPECT_GT(row.cpu_utilization, 0.0f);
  EXPECT_GT(row.memory_used_gb, 0.01f);
  EXPECT_GT(row.memory_total_gb, row.memory_used_gb);
  EXPECT_LT(row.network_rx_mbps, 1e6f);
  EXPECT_LT(row.network_tx_mbps, 1e6f);
  EXPECT_FALSE(row.instance_id.empty());
  EXPECT_EQ(sampler->gpus().empty(), !sampler->gpu_note().empty());
  for (const ResourceMetric& gpu : *rows) {
    EXPECT_LE(gpu.gpu_memory_used_mb, gpu.gpu_memory_total_mb);
    EXPECT_EQ(gpu.gpu_memory_total_mb > 0.0f, !sampler->gpus().empty());
  }
}

}  // namespace
}  // namespace optiinfra::host
