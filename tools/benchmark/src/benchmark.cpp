#include "optiinfra/benchmark/benchmark.hpp"

#include "circumstances.hpp"
#include "growth.hpp"
#include "inserts.hpp"
#include "optiinfra/generate/fleet.hpp"
#include "questions.hpp"
#include "scratch_store.hpp"
#include "sizes.hpp"

namespace optiinfra::benchmark {
namespace {

Error out_of_range(const char* option, std::uint64_t low, std::uint64_t high) {
  return invalid_argument(std::string("BenchmarkOptions::") + option + " must be from " +
                          std::to_string(low) + " to " + std::to_string(high));
}

Result<void> expect_in_range(const BenchmarkOptions& options) {
  if (options.rows < kBenchmarkRowsMin || options.rows > kBenchmarkRowsMax)
    return out_of_range("rows", kBenchmarkRowsMin, kBenchmarkRowsMax);
  if (options.rounds < 1 || options.rounds > kBenchmarkRoundsMax)
    return out_of_range("rounds", 1, kBenchmarkRoundsMax);
  if (options.threads < 1 || options.threads > kBenchmarkThreadsMax)
    return out_of_range("threads", 1, kBenchmarkThreadsMax);
  if (options.asks < 1 || options.asks > kBenchmarkAsksMax) return out_of_range("asks", 1, kBenchmarkAsksMax);
  if (options.history_days < 1 || options.history_days > fleet::kFleetDaysMax)
    return out_of_range("history_days", 1, fleet::kFleetDaysMax);
  if (options.fleets < 1 || options.fleets > kBenchmarkFleetsMax)
    return out_of_range("fleets", 1, kBenchmarkFleetsMax);
  if (options.growth_rows > kBenchmarkGrowthRowsMax)
    return out_of_range("growth_rows", 0, kBenchmarkGrowthRowsMax);
  return {};
}

}  // namespace

Result<BenchmarkReport> run_benchmark(const BenchmarkOptions& options) {
  OPTIINFRA_CHECK(expect_in_range(options));
  BenchmarkReport report{.circumstances = circumstances_of(options.url), .options = options};
  {
    OPTIINFRA_TRY(ScratchStore store, ScratchStore::create(options.url));
    OPTIINFRA_TRY(report.circumstances.engine, engine_version(store.client()));
  }
  const struct {
    bool is_wanted;
    Result<void> (*measure)(const BenchmarkOptions&, BenchmarkReport&);
  } parts[] = {{options.growth_rows > 0, measure_growth},  // First, while memory is its own.
               {options.measure_inserts, measure_inserts},
               {options.measure_questions, measure_questions},
               {options.measure_sizes, measure_sizes}};
  for (const auto& part : parts) {
    if (part.is_wanted && !report.was_stopped) OPTIINFRA_CHECK(part.measure(options, report));
  }
  report.memory_bytes_max = resident_bytes_max();
  report.circumstances.load_after = load_of_last_minute();
  return report;
}

}  // namespace optiinfra::benchmark
