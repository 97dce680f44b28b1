#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct PerformanceFlags {
  Uuid customer_id;
  Uuid service_id;
  WindowFlags window;
};

Section summary_section(const PerformanceSummary& each) {
  return object_section("performance",
                        {{"total_requests", "requests", Look::kCount},
                         {"requests_per_second", "requests per second", Look::kDecimal, 3},
                         {"avg_latency_ms", "average latency, ms", Look::kDecimal, 1},
                         {"p50_latency_ms", "p50 latency, ms", Look::kDecimal, 1},
                         {"p90_latency_ms", "p90 latency, ms", Look::kDecimal, 1},
                         {"p95_latency_ms", "p95 latency, ms", Look::kDecimal, 1},
                         {"p99_latency_ms", "p99 latency, ms", Look::kDecimal, 1},
                         {"min_latency_ms", "shortest latency, ms", Look::kDecimal, 1},
                         {"max_latency_ms", "longest latency, ms", Look::kDecimal, 1},
                         {"avg_throughput", "throughput of a request, tokens/s", Look::kDecimal, 1},
                         {"prompt_tokens", "prompt tokens", Look::kCount},
                         {"completion_tokens", "completion tokens", Look::kCount},
                         {"total_tokens", "tokens", Look::kCount},
                         {"tokens_per_second", "tokens per second", Look::kDecimal, 1},
                         {"avg_gpu_utilization", "GPU utilization, %", Look::kDecimal, 1},
                         {"avg_kv_cache_utilization", "KV cache in use, %", Look::kDecimal, 1},
                         {"avg_batch_size", "batch size", Look::kDecimal, 1}},
                        {each.total_requests, each.requests_per_second(), each.avg_latency_ms,
                         each.p50_latency_ms, each.p90_latency_ms, each.p95_latency_ms, each.p99_latency_ms,
                         each.min_latency_ms, each.max_latency_ms, each.avg_throughput, each.prompt_tokens,
                         each.completion_tokens, each.total_tokens, each.tokens_per_second(),
                         each.avg_gpu_utilization, each.avg_kv_cache_utilization, each.avg_batch_size});
}

Result<PerformanceSummary> ask(Client& client, const PerformanceFlags& flags) {
  if (!flags.window.is_exact())
    return client.query_performance_p95(flags.customer_id, flags.service_id, flags.window.hours);
  OPTIINFRA_TRY(const TimeRange range, flags.window.range());
  return client.query_performance(flags.customer_id, flags.service_id, range);
}

Result<ExitCode> run(const PerformanceFlags& flags, Context& context) {
  OPTIINFRA_CHECK(flags.window.check());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const PerformanceSummary summary, ask(client, flags));
  Report report{.command = "query performance-p95", .window = summary.window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(summary_section(summary));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, PerformanceFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer who is served")->required();
  add_uuid(app, "--service", flags.service_id, "The customer's service")->required();
  add_window(app, flags.window);
}

}  // namespace

void define_performance_p95(CLI::App& parent, Action& action) {
  define_command<PerformanceFlags>(
      parent, action, "performance-p95",
      "Latency percentiles (within 1 %), throughput and tokens of one service",
      "  optiinfra query performance-p95 --customer UUID --service UUID --hours 48\n"
      "  optiinfra query performance-p95 --customer UUID --service UUID \\\n"
      "      --from 2026-03-01T12:10 --to 2026-03-01T12:40 --output json",
      describe, run);
}

}  // namespace optiinfra::cli
