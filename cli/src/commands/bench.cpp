#include <fmt/core.h>

#include <algorithm>
#include <thread>

#include "commands/bench_report.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "optiinfra/generate/fleet.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kParts[] = {"inserts", "questions", "sizes"};

unsigned default_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, benchmark::kBenchmarkThreadsMax);
}

struct BenchFlags {
  benchmark::BenchmarkOptions options = {.threads = default_threads()};
  std::vector<std::string> parts;

  bool is_wanted(const char* part) const {
    if (parts.empty()) return options.growth_rows == 0;
    return std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

Result<ExitCode> run(const BenchFlags& flags, Context& context) {
  const Stopwatch watch;
  const InterruptGuard guard;
  benchmark::BenchmarkOptions options = flags.options;
  OPTIINFRA_TRY(options.url, context.store_url());
  options.measure_inserts = flags.is_wanted("inserts");
  options.measure_questions = flags.is_wanted("questions");
  options.measure_sizes = flags.is_wanted("sizes");
  options.on_step = [&context](const std::string& step) {
    context.remark(step);
    return !InterruptGuard::is_requested();
  };
  OPTIINFRA_TRY(const benchmark::BenchmarkReport measured, benchmark::run_benchmark(options));
  Report report = bench_report(measured);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return measured.was_stopped ? ExitCode::kInterrupted : ExitCode::kDone;
}

template <typename Number>
void add_number(CLI::App& app, const std::string& name, Number& target, Number low, Number high,
                const std::string& meaning) {
  app.add_option(name, target, meaning)->type_name("N")->check(within(low, high))->capture_default_str();
}

void describe(CLI::App& app, BenchFlags& flags) {
  benchmark::BenchmarkOptions& options = flags.options;
  add_count(app, "--rows", options.rows, benchmark::kBenchmarkRowsMin, benchmark::kBenchmarkRowsMax,
            "Rows of one measured insert, and of the fleet that is asked about")
      ->default_str(std::to_string(options.rows));
  add_number(app, "--rounds", options.rounds, 1u, benchmark::kBenchmarkRoundsMax,
             "Rounds, in each of which the things to compare take turns");
  add_number(app, "--threads", options.threads, 1u, benchmark::kBenchmarkThreadsMax, "Threads that insert");
  add_number(app, "--fleets", options.fleets, 1u, benchmark::kBenchmarkFleetsMax,
             "Fleets in the store that is asked, 24 services each");
  add_number(app, "--days", options.history_days, 1, fleet::kFleetDaysMax,
             "How far the fleets' rows reach back, and each question");
  add_number(app, "--asks", options.asks, 1u, benchmark::kBenchmarkAsksMax,
             "Times that a question is asked in a round");
  add_count(app, "--growth", options.growth_rows, std::uint64_t{0}, benchmark::kBenchmarkGrowthRowsMax,
            "Also grow a store to so many rows and look at it each time it has doubled")
      ->default_str(std::to_string(options.growth_rows));
  app.add_option("--seed", options.seed, "The seed of the random rows")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--only", flags.parts,
                 "Measure only inserts, questions or sizes; default all, and none with --growth")
      ->type_name("PART")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kParts), std::end(kParts)))
                  .description("inserts|questions|sizes"));
}

}  // namespace

void define_bench(CLI::App& parent, Action& action) {
  define_command<BenchFlags>(
      parent, action, "bench",
      "Measure the store that --url names: inserts at each acknowledgement level compared with the engine "
      "alone, questions, sizes. Your rows are not touched: it works in a folder next to an embedded store, "
      "or in a database of its own on a server, and removes it",
      "  optiinfra bench\n"
      "  optiinfra bench --only questions --fleets 420 --output json > questions.json\n"
      "  optiinfra bench --growth 100000000\n"
      "  optiinfra --url clickhouse://db1:9000 bench --only inserts --rows 4000000",
      describe, run);
}

}  // namespace optiinfra::cli
