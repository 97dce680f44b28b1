/// Measures the speed of questions.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"

namespace optiinfra::benchmark {

/// Fills a store with the last days of several fleets and asks about the busiest service of the first;
/// adds to `report`.
Result<void> measure_questions(const BenchmarkOptions& options, BenchmarkReport& report);

}  // namespace optiinfra::benchmark
