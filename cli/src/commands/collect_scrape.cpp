#include "commands/collecting.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "commands/metric_sources.hpp"
#include "flags.hpp"
#include "interrupt.hpp"

namespace optiinfra::cli {
namespace {

struct ScrapeFlags {
  std::string config_file;
  std::string customer, service;
  std::vector<std::string> alias_files;
  std::chrono::seconds length{0};  ///< 0: until a signal stops it.
  std::string spool_folder;        ///< Empty: no spool.
};

Section targets_section(const std::vector<scrape::TargetStatus>& targets) {
  Records records{.fields = {{"url", "target"},
                             {"job", "job"},
                             {"instance", "instance"},
                             {"up", "up"},
                             {"scrapes", "scrapes", Look::kCount},
                             {"failures", "failed", Look::kCount},
                             {"missed", "missed", Look::kCount},
                             {"samples", "samples", Look::kCount},
                             {"understood", "understood", Look::kCount},
                             {"absent", "not measured", Look::kCount},
                             {"duplicates", "twice", Look::kCount},
                             {"resets", "resets", Look::kCount},
                             {"changed_buckets", "other buckets", Look::kCount},
                             {"rows", "rows", Look::kCount},
                             {"duration_ms", "ms", Look::kDecimal, 1},
                             {"error", "error"}},
                  .rows = {}};
  for (const scrape::TargetStatus& each : targets)
    records.rows.push_back({each.url, each.job, each.instance, each.is_up, each.scrapes, each.failures,
                            each.missed, each.samples, each.understood, each.absent, each.duplicates,
                            each.resets, each.changed_buckets, each.rows, each.duration.count() * 1'000,
                            each.error.empty() ? Value() : Value(each.error)});
  return {.key = "targets", .title = {}, .records = std::move(records)};
}

Report scrape_report(const std::vector<scrape::TargetStatus>& targets,
                     const collect::CollectOutcome& outcome) {
  Report report{.command = "collect scrape",
                .window = TimeRange{outcome.begin, now() + std::chrono::seconds{1}}};
  std::uint64_t up = 0;
  for (const scrape::TargetStatus& each : targets) up += each.is_up ? 1 : 0;
  report.sections.push_back(targets_section(targets));
  report.sections.push_back(object_section("summary",
                                           {{"targets", "targets", Look::kCount},
                                            {"targets_up", "up", Look::kCount},
                                            {"rows", "rows", Look::kCount},
                                            {"rows_refused", "refused", Look::kCount},
                                            {"rows_stored", "rows stored", Look::kCount}},
                                           {std::uint64_t{targets.size()}, up, outcome.rows,
                                            outcome.totals.rows_refused, outcome.totals.rows_stored}));
  return report;
}

Result<ExitCode> run_scrape(const ScrapeFlags& flags, Context& context) {
  const Stopwatch watch;
  const InterruptGuard guard;
  scrape::ScraperOptions options{
      .config_file = flags.config_file, .customer = flags.customer, .service = flags.service};
  OPTIINFRA_TRY(options.aliases, aliases_with(flags.alias_files));
  OPTIINFRA_TRY(scrape::Scraper scraper, scrape::Scraper::open(std::move(options)));
  if (flags.length.count() == 0)
    context.remark("scraping " + std::to_string(scraper.targets().size()) + " targets; Ctrl-C stops");
  collect::ScrapeSource source(scraper);
  OPTIINFRA_TRY(auto api, context.api());
  OPTIINFRA_TRY(const auto sink, open_sink(std::move(api), flags.spool_folder, context));
  OPTIINFRA_TRY(const collect::CollectOutcome outcome,
                collect_with_progress(source, *sink, {.length = flags.length}, context));
  Report report = scrape_report(scraper.targets(), outcome);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return outcome.totals.rows_refused == 0 ? ExitCode::kDone : ExitCode::kRowsRefused;
}

void describe_scrape(CLI::App& app, ScrapeFlags& flags) {
  app.add_option("--config", flags.config_file, "What to scrape: scrape_configs as Prometheus has them")
      ->type_name("FILE")
      ->required();
  app.add_option("--customer", flags.customer,
                 "Whose targets are that have no label customer: a name or a UUID")
      ->type_name("NAME");
  app.add_option("--service", flags.service, "Their service without a label service; default the job's name")
      ->type_name("NAME");
  add_alias_files(app, flags.alias_files);
  add_duration(app, "--for", flags.length,
               "How long to scrape; default until SIGINT or SIGTERM, after which all is stored");
  app.add_option("--spool", flags.spool_folder,
                 "A folder of this machine that keeps rows until the store has them")
      ->type_name("DIR");
}

}  // namespace

void define_collect_scrape(CLI::App& parent, Action& action) {
  define_command<ScrapeFlags>(
      parent, action, "scrape",
      "Scrape the metrics of engines and exporters into serving_metrics_ts and "
      "resource_metrics_ts, as a configuration of Prometheus says",
      "  optiinfra collect scrape --config scrape.yml --customer acme --for 1m\n"
      "  optiinfra collect scrape --config scrape.yml --spool /var/lib/optiinfra/spool",
      describe_scrape, run_scrape);
}

}  // namespace optiinfra::cli
