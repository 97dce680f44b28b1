#include "api/api_sink.hpp"
#include "commands/collecting.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "interrupt.hpp"
#include "output/progress.hpp"

namespace optiinfra::cli {

Result<std::unique_ptr<collect::RowSink>> open_sink(std::optional<api::ApiStore> api,
                                                    const std::string& spool_folder, const Context& context) {
  const collect::Remark remark = [&context](const std::string& sentence) { context.remark(sentence); };
  if (api && !spool_folder.empty())
    return invalid_argument(
        "--spool keeps rows for a store that is opened here; through an API the service keeps them");
  if (api) return make_api_sink(*std::move(api), remark);
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  return collect::open_store_sink(url, {spool_folder, remark});
}

Result<collect::CollectOutcome> collect_with_progress(collect::MetricSource& source, collect::RowSink& sink,
                                                      collect::CollectOptions options,
                                                      const Context& context) {
  const bool has_end = options.samples_max != 0 || options.length.count() != 0;
  const bool shows_progress = !context.quiet && (has_end || context.console_terminal.interactive);
  Progress progress("sampling", "samples", options.samples_max, !shows_progress, context.console_terminal);
  options.is_stopped = InterruptGuard::is_requested;
  options.remark = [&context](const std::string& sentence) { context.remark(sentence); };
  options.on_sample = [&](std::uint64_t samples) { progress.set(samples, options.samples_max); };
  return collect::collect(source, sink, options);
}

void define_collect(CLI::App& parent, Action& action) {
  CLI::App* const collect = parent.add_subcommand("collect", "Measure and store");
  collect->require_subcommand(1);
  define_collect_host(*collect, action);
  define_collect_scrape(*collect, action);
}

}  // namespace optiinfra::cli
