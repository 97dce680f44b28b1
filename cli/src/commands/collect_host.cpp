#include "commands/collecting.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "interrupt.hpp"

namespace optiinfra::cli {
namespace {

struct HostFlags {
  std::optional<std::string> customer;  ///< A UUID or a name.
  std::string instance_id;
  std::chrono::seconds interval{1};
  std::chrono::seconds length{0};  ///< 0: until a signal stops it.
  std::string spool_folder;        ///< Empty: no spool.
};

Value text_or_nothing(const std::string& text) {
  if (text.empty()) return {};
  return text;
}

std::string gpu_names(const host::HostSampler& sampler) {
  std::string names;
  for (const host::HostGpu& gpu : sampler.gpus()) names += (names.empty() ? "" : ", ") + gpu.name;
  return names;
}

/// The id of a name in a list of an API.
Result<Uuid> customer_in(const Report& names, const std::string& name) {
  for (const Row& row : names.sections.front().records.rows)
    if (row.size() > 2 && row[1] == Value(name)) return Uuid::parse(std::get<std::string>(row[2]));
  return invalid_argument("--customer: no customer is called '" + name +
                          "'; give a UUID, or a name that "
                          "`optiinfra names list` has");
}

/// A UUID needs no store, which may be away while samples are taken.
Result<Uuid> customer_of(const HostFlags& flags, api::ApiStore* api, const Context& context) {
  if (const auto id = Uuid::parse(*flags.customer)) return *id;
  if (api != nullptr) {
    OPTIINFRA_TRY(const api::ApiAnswer listed, api->ask("/api/v1/names", {{"kind", "customer"}}));
    return customer_in(listed.report, *flags.customer);
  }
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  auto id = names.id_of(NameKind::kCustomer, *flags.customer);
  if (!id) return with_context(std::move(id).error(), "--customer");
  return Uuid::parse(*id);
}

Report make_report(const Uuid& customer, const host::HostSampler& sampler,
                   const collect::CollectOutcome& outcome) {
  Report report{.command = "collect host",
                .window = TimeRange{outcome.begin, now() + std::chrono::seconds{1}}};
  report.sections.push_back(
      object_section("host",
                     {{"customer_id", "customer"},
                      {"instance_id", "instance"},
                      {"instance_type", "type"},
                      {"gpu_count", "GPUs", Look::kCount},
                      {"gpus", "which"},
                      {"gpu_note", "without GPUs because"},
                      {"samples", "samples", Look::kCount},
                      {"rows_stored", "rows stored", Look::kCount}},
                     {customer.to_string(), sampler.instance_id(), text_or_nothing(sampler.instance_type()),
                      std::uint64_t{sampler.gpus().size()}, text_or_nothing(gpu_names(sampler)),
                      text_or_nothing(sampler.gpu_note()), outcome.samples, outcome.totals.rows_stored}));
  return report;
}

Result<ExitCode> run(const HostFlags& flags, Context& context) {
  if (flags.length.count() != 0 && flags.length < flags.interval)
    return invalid_argument("--for is shorter than --interval, so that no sample would be taken");
  const Stopwatch watch;
  const InterruptGuard guard;
  OPTIINFRA_TRY(auto api, context.api());
  host::HostSamplerOptions options;
  OPTIINFRA_TRY(options.customer_id, customer_of(flags, api ? &*api : nullptr, context));
  const Uuid customer = options.customer_id;
  options.instance_id = flags.instance_id;
  OPTIINFRA_TRY(host::HostSampler sampler, host::HostSampler::open(std::move(options)));
  if (flags.length.count() == 0) context.remark("sampling " + sampler.instance_id() + "; Ctrl-C stops");
  collect::HostSource source(sampler, flags.interval);
  OPTIINFRA_TRY(const auto sink, open_sink(std::move(api), flags.spool_folder, context));
  OPTIINFRA_TRY(const collect::CollectOutcome outcome,
                collect_with_progress(
                    source, *sink, {.samples_max = static_cast<std::uint64_t>(flags.length / flags.interval)},
                    context));
  Report report = make_report(customer, sampler, outcome);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return outcome.totals.rows_refused == 0 ? ExitCode::kDone : ExitCode::kRowsRefused;
}

void describe(CLI::App& app, HostFlags& flags) {
  add_id(app, "--customer", flags.customer, "The customer whose host this is")->required();
  app.add_option("--instance", flags.instance_id, "The name to store it under")
      ->type_name("NAME")
      ->required();
  add_duration(app, "--interval", flags.interval, "Time between samples; default 1s");
  add_duration(app, "--for", flags.length,
               "How long to sample; default until SIGINT or SIGTERM, after which all is stored");
  app.add_option("--spool", flags.spool_folder,
                 "A folder of this machine that keeps samples until the store has them")
      ->type_name("DIR");
}

}  // namespace

void define_collect_host(CLI::App& parent, Action& action) {
  define_command<HostFlags>(parent, action, "host",
                            "Sample this host's CPU, memory, network and GPUs into resource_metrics_ts",
                            "  optiinfra collect host --customer UUID --instance $(uname -n) --for 10s\n"
                            "  optiinfra collect host --customer UUID --instance web-1 --interval 1m",
                            describe, run);
}

}  // namespace optiinfra::cli
