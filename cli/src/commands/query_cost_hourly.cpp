#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/hours.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct CostHourlyFlags {
  Uuid customer_id;
  WindowFlags window;
  std::optional<std::string> provider;
};

Section hours_section(const std::vector<CostHour>& hours) {
  Records records{.fields = {{"hour", "hour (UTC)", Look::kTime},
                             {"cloud_provider", "provider"},
                             {"service_name", "service"},
                             {"total_cost", "cost, currency", Look::kDecimal, 2},
                             {"avg_utilization", "utilization, %", Look::kDecimal, 1},
                             {"sample_count", "samples", Look::kCount}},
                  .rows = {}};
  for (const CostHour& each : hours)
    records.rows.push_back({each.hour, each.cloud_provider, each.service_name, each.total_cost,
                            each.avg_utilization, each.sample_count});
  return {.key = "hours", .title = {}, .records = std::move(records)};
}

Series cost_series(const std::vector<CostHour>& hours) {
  return series_of(
      "cost per hour, all services above, currency", hours, std::chrono::hours{1},
      [](const CostHour& each) { return each.hour; }, [](const CostHour& each) { return each.total_cost; });
}

Result<ExitCode> run(const CostHourlyFlags& flags, Context& context) {
  OPTIINFRA_TRY(const TimeRange window, flags.window.range());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const auto hours,
                client.query_cost_hourly(flags.customer_id, window.begin, window.end, flags.provider));
  Report report{.command = "query cost-hourly", .window = window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(hours_section(hours));
  report.charts.push_back(cost_series(hours));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, CostHourlyFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer who pays")->required();
  add_range(app, flags.window);
  app.add_option("--provider", flags.provider, "Only this cloud: aws, gcp, azure, ...")->type_name("NAME");
}

}  // namespace

void define_cost_hourly(CLI::App& parent, Action& action) {
  define_command<CostHourlyFlags>(
      parent, action, "cost-hourly", "Cost of each hour by cloud provider and service",
      "  optiinfra query cost-hourly --customer UUID --from 2026-03-01 --to 2026-03-02\n"
      "  optiinfra query cost-hourly --customer UUID --from now-24h --to now --provider aws --output csv",
      describe, run);
}

}  // namespace optiinfra::cli
