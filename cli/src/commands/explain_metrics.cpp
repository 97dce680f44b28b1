#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/metric_sources.hpp"
#include "optiinfra/exposition/explain.hpp"

namespace optiinfra::cli {
namespace {

struct ExplainFlags {
  std::string place;
  std::vector<std::string> alias_files;
  bool json = false;
};

Value text_or_absent(const std::string& text) {
  if (text.empty()) return {};
  return text;
}

Section metrics_section(const std::vector<exposition::ExplainedMetric>& metrics) {
  Records records{.fields = {{"metric", "metric"},
                             {"type", "type"},
                             {"series", "lines", Look::kCount},
                             {"absent", "not measured", Look::kCount},
                             {"becomes", "is"},
                             {"source", "source"},
                             {"table", "table"},
                             {"column", "column"},
                             {"unit", "unit"},
                             {"conversion", "made by"},
                             {"note", "note"}},
                  .rows = {}};
  for (const exposition::ExplainedMetric& each : metrics)
    records.rows.push_back({each.metric, std::string(to_string(each.type)), each.series, each.absent,
                            std::string(to_string(each.understanding)), text_or_absent(each.source),
                            text_or_absent(each.table), text_or_absent(each.column),
                            text_or_absent(each.unit), text_or_absent(each.conversion),
                            text_or_absent(each.note)});
  return {.key = "metrics", .title = {}, .records = std::move(records)};
}

Section explained_summary(const std::vector<exposition::ExplainedMetric>& metrics) {
  std::uint64_t stored = 0, unneeded = 0, unknown = 0;
  for (const exposition::ExplainedMetric& each : metrics) {
    auto& count = each.understanding == exposition::Understanding::kStored     ? stored
                  : each.understanding == exposition::Understanding::kUnneeded ? unneeded
                                                                               : unknown;
    count += each.series;
  }
  return object_section("summary",
                        {{"lines_stored", "lines that become rows", Look::kCount},
                         {"lines_unneeded", "known, without a place", Look::kCount},
                         {"lines_unknown", "not understood", Look::kCount}},
                        {stored, unneeded, unknown});
}

Result<ExitCode> run_explain(const ExplainFlags& flags, Context& context) {
  const Stopwatch watch;
  if (flags.json) context.output = OutputFormat::kJson;
  OPTIINFRA_TRY(const exposition::AliasTable aliases, aliases_with(flags.alias_files));
  auto metrics = [&]() -> Result<std::vector<exposition::ExplainedMetric>> {
    OPTIINFRA_TRY(const MetricsText text, read_metrics_text(flags.place));
    auto explained =
        exposition::explain_metrics(text.text, aliases, {.format = text.format, .limits = {}, .edit = {}});
    if (!explained) return with_context(std::move(explained).error(), flags.place);
    return explained;
  }();
  if (!metrics) {
    // The flags were understood, whatever is wrong with the text.
    context.complain(metrics.error());
    return ExitCode::kFailed;
  }
  Report report{.command = "explain-metrics"};
  report.sections.push_back(metrics_section(*metrics));
  report.sections.push_back(explained_summary(*metrics));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe_explain(CLI::App& app, ExplainFlags& flags) {
  app.add_option("place", flags.place,
                 "A text of metrics: a file, - for standard input, or a URL of http or https")
      ->type_name("FILE|URL")
      ->required();
  add_alias_files(app, flags.alias_files);
  app.add_flag("--json", flags.json, "The same as --output json");
}

}  // namespace

void define_explain_metrics(CLI::App& parent, Action& action) {
  define_command<ExplainFlags>(
      parent, action, "explain-metrics",
      "Show what becomes of each metric of an exporter or engine, and what is not understood",
      "  optiinfra explain-metrics http://10.0.0.1:8000/metrics\n"
      "  optiinfra explain-metrics saved.prom --aliases mine.toml --json",
      describe_explain, run_explain);
}

}  // namespace optiinfra::cli
