/// Formats a benchmark's figures for people.
#pragma once

#include "optiinfra/benchmark/benchmark.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {

Report bench_report(const benchmark::BenchmarkReport& measured);

}  // namespace optiinfra::cli
