#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/hours.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct QualityFlags {
  Uuid customer_id;
  Uuid service_id;
  WindowFlags window;
};

Section hours_section(const std::vector<QualityHour>& hours) {
  Records records{.fields = {{"hour", "hour (UTC)", Look::kTime},
                             {"avg_quality", "quality, 0-1", Look::kDecimal, 3},
                             {"avg_relevance", "relevance", Look::kDecimal, 3},
                             {"avg_coherence", "coherence", Look::kDecimal, 3},
                             {"avg_factuality", "factuality", Look::kDecimal, 3},
                             {"avg_toxicity", "toxicity", Look::kDecimal, 3},
                             {"hallucinations", "hallucinations", Look::kCount},
                             {"total_requests", "requests", Look::kCount}},
                  .rows = {}};
  for (const QualityHour& each : hours)
    records.rows.push_back({each.hour, each.avg_quality, each.avg_relevance, each.avg_coherence,
                            each.avg_factuality, each.avg_toxicity, each.hallucinations,
                            each.total_requests});
  return {.key = "hours", .title = {}, .records = std::move(records)};
}

Series quality_series(const std::vector<QualityHour>& hours) {
  Series series = series_of(
      "quality by hour, 0-1", hours, std::chrono::hours{1}, [](const QualityHour& each) { return each.hour; },
      [](const QualityHour& each) { return each.avg_quality; });
  series.from_zero = false;
  series.decimals = 3;
  return series;
}

Result<QualityTrend> ask(Client& client, const QualityFlags& flags) {
  if (!flags.window.is_exact())
    return client.query_quality_trends(flags.customer_id, flags.service_id, flags.window.hours);
  OPTIINFRA_TRY(const TimeRange range, flags.window.range());
  return client.query_quality(flags.customer_id, flags.service_id, range);
}

Result<ExitCode> run(const QualityFlags& flags, Context& context) {
  OPTIINFRA_CHECK(flags.window.check());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const QualityTrend trend, ask(client, flags));
  Report report{.command = "query quality-trends", .window = trend.window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(hours_section(trend.hours));
  report.charts.push_back(quality_series(trend.hours));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, QualityFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer who is served")->required();
  add_uuid(app, "--service", flags.service_id, "The customer's service")->required();
  add_window(app, flags.window);
}

}  // namespace

void define_quality_trends(CLI::App& parent, Action& action) {
  define_command<QualityFlags>(
      parent, action, "quality-trends", "Quality scores and hallucinations of a service, hour by hour",
      "  optiinfra query quality-trends --customer UUID --service UUID --hours 168\n"
      "  optiinfra query quality-trends --customer UUID --service UUID --from 2026-03-01 --to 2026-03-08",
      describe, run);
}

}  // namespace optiinfra::cli
