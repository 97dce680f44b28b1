/// Measures the size of stored rows.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"

namespace optiinfra::benchmark {

/// Stores the last days of one fleet, merges everything, and compares with plain tables of the same rows and
/// with JSON lines, once with random request ids and once with those that begin with the time; adds to
/// `report`.
Result<void> measure_sizes(const BenchmarkOptions& options, BenchmarkReport& report);

}  // namespace optiinfra::benchmark
