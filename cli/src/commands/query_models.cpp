#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct ModelsFlags {
  Uuid customer_id;
  Uuid service_id;
  WindowFlags window;
};

Section models_section(const std::vector<ModelUsage>& models) {
  Records records{.fields = {{"model_name", "model"},
                             {"service_type", "server"},
                             {"total_requests", "requests", Look::kCount},
                             {"avg_latency_ms", "average, ms", Look::kDecimal, 1},
                             {"p95_latency_ms", "p95, ms", Look::kDecimal, 1},
                             {"p99_latency_ms", "p99, ms", Look::kDecimal, 1},
                             {"total_tokens", "tokens", Look::kCount},
                             {"tokens_per_second", "tokens/s", Look::kDecimal, 1}},
                  .rows = {}};
  for (const ModelUsage& each : models) {
    const PerformanceSummary& usage = each.performance;
    records.rows.push_back({each.model_name, each.service_type, usage.total_requests, usage.avg_latency_ms,
                            usage.p95_latency_ms, usage.p99_latency_ms, usage.total_tokens,
                            usage.tokens_per_second()});
  }
  return {.key = "models", .title = {}, .records = std::move(records)};
}

Result<ExitCode> run(const ModelsFlags& flags, Context& context) {
  OPTIINFRA_TRY(TimeRange window, flags.window.range());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const auto models, client.query_models(flags.customer_id, flags.service_id, window));
  if (!models.empty()) window = models.front().performance.window;
  Report report{.command = "query models", .window = window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(models_section(models));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, ModelsFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer who is served")->required();
  add_uuid(app, "--service", flags.service_id, "The customer's service")->required();
  add_window(app, flags.window);
}

}  // namespace

void define_models(CLI::App& parent, Action& action) {
  define_command<ModelsFlags>(parent, action, "models", "The models of a service, the busiest first",
                              "  optiinfra query models --customer UUID --service UUID --hours 24", describe,
                              run);
}

}  // namespace optiinfra::cli
