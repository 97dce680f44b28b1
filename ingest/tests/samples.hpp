/// Rows for tests of the writer.
#pragma once

#include <chrono>

#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// What is waited for comes long before; a wait that ends here is a failure.
inline constexpr std::chrono::milliseconds kLong{60'000};

/// Samples of one GPU, a second apart, of the hour that ended last.
inline ResourceBatch samples(std::size_t rows, const Uuid& customer = {1, 2}) {
  ResourceBatch batch;
  for (std::size_t i = 0; i < rows; ++i) {
    ResourceMetric row;
    row.timestamp = floor_hour(now()) - std::chrono::hours{1} + std::chrono::seconds{i % 3600};
    row.customer_id = customer;
    row.instance_id = "gpu-1";
    row.instance_type = "h100";
    row.gpu_utilization = 50;
    batch.append(row);
  }
  return batch;
}

}  // namespace optiinfra
