/// Measures a store while it grows.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"

namespace optiinfra::benchmark {

/// Inserts requests without a pause, and looks at the store each time its rows have doubled; adds to
/// `report`.
Result<void> measure_growth(const BenchmarkOptions& options, BenchmarkReport& report);

}  // namespace optiinfra::benchmark
