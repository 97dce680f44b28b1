#include "optiinfra/agent/agent.hpp"

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "open_files.hpp"
#include "optiinfra/transport/secret_file.hpp"

namespace optiinfra::cli {
namespace {

/// How long the service may take for what is left when the agent stops; the rest waits on the disk.
constexpr std::chrono::seconds kLastSending{10};

struct AgentFlags {
  std::string config_file;
  bool only_check = false;
  std::chrono::seconds length{0};  ///< 0: until a signal stops it.
};

Result<api::ApiStore> agent_service(const agent::AgentConfig& config, const Context& context) {
  if (config.service_url.empty()) {
    OPTIINFRA_TRY(auto api, context.api());
    if (!api)
      return invalid_argument(
          "an agent sends to a service: give `url = \"api://HOST:7070\"` in [service] of its configuration, "
          "or --url");
    return *std::move(api);
  }
  OPTIINFRA_TRY(api::ApiUrl url, api::parse_api_url(config.service_url));
  if (config.token_file.empty()) {
    OPTIINFRA_TRY(Secret token, api::token_of_environment());
    return api::ApiStore::make(std::move(url), std::move(token.text));
  }
  OPTIINFRA_TRY(Secret token, read_secret_file(config.token_file.string(), "token"));
  if (token.is_open_to_all) context.remark("note: everyone on this machine can read the token file");
  return api::ApiStore::make(std::move(url), std::move(token.text));
}

Report agent_report(const std::string& service, const agent::AgentStatus& status) {
  Report report{.command = "agent"};
  std::uint64_t lines = 0, rows = 0, refused = 0, behind = 0, up = 0;
  for (const agent::TailStatus& each : status.tails) {
    lines += each.counts.lines;
    rows += each.counts.rows;
    refused += each.counts.refused + each.counts.too_long;
    behind += each.counts.behind_bytes;
  }
  for (const scrape::TargetStatus& each : status.targets) up += each.is_up ? 1 : 0;
  report.sections.push_back(object_section(
      "agent",
      {{"service", "service"},
       {"rows_measured", "rows measured", Look::kCount},
       {"targets", "targets", Look::kCount},
       {"targets_up", "up", Look::kCount},
       {"lines", "lines of logs", Look::kCount},
       {"rows_of_logs", "rows of them", Look::kCount},
       {"lines_refused", "refused", Look::kCount},
       {"behind_bytes", "bytes not read yet", Look::kCount},
       {"rows_sent", "rows sent", Look::kCount},
       {"rows_refused", "refused by the service", Look::kCount},
       {"requests_waiting", "requests waiting", Look::kCount}},
      {service, status.rows_measured, std::uint64_t{status.targets.size()}, up, lines, rows, refused, behind,
       status.outbox.rows_sent, status.outbox.rows_refused, status.outbox.requests_waiting}));
  return report;
}

Result<ExitCode> run_agent(const AgentFlags& flags, Context& context) {
  const Stopwatch watch;
  const InterruptGuard guard;
  allow_many_open_files();
  OPTIINFRA_TRY(agent::AgentConfig config, agent::read_agent_config(flags.config_file));
  OPTIINFRA_TRY(api::ApiStore service, agent_service(config, context));
  const std::string description = service.description();
  if (flags.only_check) {
    OPTIINFRA_CHECK(agent::check_sources(config));
    context.remark(flags.config_file + " is right; the agent would send to " + description);
    return ExitCode::kDone;
  }
  OPTIINFRA_TRY(agent::Agent agent, agent::Agent::open(std::move(config), std::move(service)));
  context.remark("sending to " + description + (flags.length.count() == 0 ? "; Ctrl-C stops" : ""));
  const collect::Remark remark = [&context](const std::string& sentence) { context.remark(sentence); };
  const auto end = std::chrono::steady_clock::now() + flags.length;
  const auto is_stopped = [&] {
    return InterruptGuard::is_requested() ||
           (flags.length.count() != 0 && std::chrono::steady_clock::now() >= end);
  };
  auto ran = agent.run(is_stopped, remark);
  auto closed = agent.close(kLastSending, remark);
  OPTIINFRA_CHECK(std::move(ran));
  OPTIINFRA_CHECK(std::move(closed));
  const agent::AgentStatus status = agent.status();
  Report report = agent_report(description, status);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return status.outbox.rows_refused == 0 ? ExitCode::kDone : ExitCode::kRowsRefused;
}

void describe_agent(CLI::App& app, AgentFlags& flags) {
  app.add_option("--config", flags.config_file, "What to measure, scrape and follow, and where to send it")
      ->type_name("FILE")
      ->required();
  app.add_flag("--check", flags.only_check, "Only say whether the configuration is right");
  add_duration(app, "--for", flags.length, "How long to run; default until SIGINT or SIGTERM");
}

}  // namespace

void define_agent(CLI::App& parent, Action& action) {
  define_command<AgentFlags>(
      parent, action, "agent",
      "Measure this host, scrape targets and follow logs all day, and send all to a service",
      "  optiinfra agent --config /etc/optiinfra/agent.toml\n"
      "  optiinfra agent --config agent.toml --check",
      describe_agent, run_agent);
}

}  // namespace optiinfra::cli
