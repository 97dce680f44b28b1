#include <fstream>
#include <sstream>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "input_file.hpp"
#include "interrupt.hpp"
#include "open_files.hpp"
#include "optiinfra/agent/follow.hpp"

namespace optiinfra::cli {
namespace {

struct TailFlags {
  std::string form, form_file;
  std::vector<std::string> files;
  tail::LineDefaults defaults;
  std::string state_folder;
  std::chrono::seconds length{0};  ///< 0: until a signal stops it.
  bool to_end = false;
};

Result<tail::LogForm> tail_form(const TailFlags& flags) {
  if (flags.form.empty() == flags.form_file.empty())
    return invalid_argument("either --as NAME or --form FILE says how the lines are read");
  if (!flags.form.empty()) return tail::LogForm::builtin(flags.form);
  std::ifstream stream(flags.form_file, std::ios::binary);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf()))
    return Error{ErrorKind::kStorage, flags.form_file + " cannot be read, or is empty"};
  return tail::LogForm::parse(text.view(), std::filesystem::path(flags.form_file).stem().string());
}

Result<std::unique_ptr<agent::BlockSink>> open_blocks(const Context& context) {
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return agent::make_api_blocks(*std::move(api));
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  return agent::open_store_blocks(url);
}

Report tail_report(const std::string& form, const tail::TailCounts& counts,
                   std::uint64_t refused_by_service) {
  Report report{.command = "tail"};
  report.sections.push_back(object_section(
      "tail",
      {{"form", "form"},
       {"files", "files", Look::kCount},
       {"lines", "lines", Look::kCount},
       {"rows_stored", "rows stored", Look::kCount},
       {"others", "no requests", Look::kCount},
       {"refused", "refused", Look::kCount},
       {"too_long", "too long", Look::kCount},
       {"behind_bytes", "bytes not read yet", Look::kCount}},
      {form, counts.files, counts.lines, counts.rows - std::min(counts.rows, refused_by_service),
       counts.others, counts.refused + refused_by_service, counts.too_long, counts.behind_bytes}));
  return report;
}

Result<ExitCode> run_tail(const TailFlags& flags, Context& context) {
  const Stopwatch watch;
  const InterruptGuard guard;
  allow_many_open_files();
  OPTIINFRA_TRY(const tail::LogForm form, tail_form(flags));
  OPTIINFRA_TRY(tail::Tail tail, tail::Tail::open({.form = form,
                                                   .defaults = flags.defaults,
                                                   .files = flags.files,
                                                   .state_folder = flags.state_folder}));
  OPTIINFRA_TRY(const auto sink, open_blocks(context));
  if (!flags.to_end && flags.length.count() == 0) context.remark("following; Ctrl-C stops");
  agent::FollowOptions options;
  options.length = flags.length;
  options.to_end = flags.to_end;
  options.is_stopped = InterruptGuard::is_requested;
  options.remark = [&context](const std::string& sentence) { context.remark(sentence); };
  OPTIINFRA_CHECK(agent::follow(tail, *sink, options));
  const tail::TailCounts counts = tail.counts();
  Report report = tail_report(form.name(), counts, sink->rows_refused());
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  const bool has_all = counts.refused + counts.too_long + sink->rows_refused() == 0;
  return has_all ? ExitCode::kDone : ExitCode::kRowsRefused;
}

std::string form_names() {
  std::string names;
  for (const tail::LogForm::Known& each : tail::LogForm::known())
    names += (names.empty() ? "" : "; ") + each.name + ": " + each.title;
  return names;
}

void describe_tail(CLI::App& app, TailFlags& flags) {
  app.add_option("files", flags.files,
                 "The logs; each may be absent still, and * and ? in its last part stand for all that fit")
      ->type_name("FILE")
      ->required();
  app.add_option("--as", flags.form, "How lines become rows. " + form_names())->type_name("NAME");
  app.add_option("--form", flags.form_file, "The same in a file of your own")->type_name("FILE");
  app.add_option("--state", flags.state_folder,
                 "A folder of this machine that keeps how far was read, so that a line counts once")
      ->type_name("DIR")
      ->required();
  app.add_option(
         "--customer", flags.defaults.customer,
         "Whose requests they are, where lines do not say it: a name or a UUID. A name stands for the "
         "UUID of its text, also where a store knows it for another")
      ->type_name("NAME");
  app.add_option("--service", flags.defaults.service, "Of which service")->type_name("NAME");
  app.add_option("--model", flags.defaults.model, "Of which model, where lines do not say it")
      ->type_name("NAME");
  app.add_option("--instance", flags.defaults.instance, "Of which instance, where lines do not say it")
      ->type_name("NAME");
  add_duration(app, "--for", flags.length, "How long to follow; default until SIGINT or SIGTERM");
  app.add_flag("--to-end", flags.to_end, "Stop where the logs end now");
}

}  // namespace

void define_tail(CLI::App& parent, Action& action) {
  define_command<TailFlags>(
      parent, action, "tail",
      "Follow the logs of requests that engines and gateways write into performance_metrics_ts, each line "
      "once",
      "  optiinfra tail --as sglang '/var/log/sglang/*.log' --customer acme --service chat --state DIR\n"
      "  optiinfra tail --as litellm spend.jsonl --customer acme --service gateway --state DIR --to-end",
      describe_tail, run_tail);
}

}  // namespace optiinfra::cli
