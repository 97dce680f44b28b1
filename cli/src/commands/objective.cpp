#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "commands/stated_money.hpp"
#include "flags.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/scope.hpp"
#include "optiinfra/service/stated_money.hpp"

namespace optiinfra::cli {
namespace {

struct ObjectiveSetFlags {
  attribution::Objective objective;
  std::string of;
};

struct ObjectiveNameFlags {
  std::string name;
};

struct ObjectiveListFlags {};

Result<ExitCode> run_set(const ObjectiveSetFlags& flags, Context& context) {
  attribution::Objective objective = flags.objective;
  if (auto parsed = attribution::parse_scope(flags.of, objective.scope, objective.scope_id); !parsed)
    return with_context(std::move(parsed).error(), "--of");
  const auto set = [objective](Client& client) mutable -> Result<std::size_t> {
    OPTIINFRA_TRY(const Names names, client.names());
    if (auto resolved = attribution::resolve_scope(names, objective.scope, objective.scope_id); !resolved)
      return with_context(std::move(resolved).error(), "--of");
    return attribution::set_objectives(client, {objective});
  };
  return set_stated({"objective set", "objectives"}, service::objective_records({objective}), set, "",
                    context);
}

Result<ExitCode> run_remove(const ObjectiveNameFlags& flags, Context& context) {
  return remove_stated(
      {"objective remove", "objectives"}, {{"objective", flags.name}},
      [&](Client& client) { return attribution::remove_objective(client, flags.name); }, context);
}

Result<ExitCode> run_list(const ObjectiveListFlags&, Context& context) {
  const auto read = [](Client& client) -> Result<Records> {
    OPTIINFRA_TRY(const auto objectives, attribution::read_objectives(client));
    return service::objective_records(objectives);
  };
  return list_stated({"objective list", "objectives"}, {},
                     "no objective; set one with: optiinfra objective set NAME --latency-ms MS", read,
                     context);
}

/// "99.5%" or "0.995".
Result<double> parse_share(const std::string& text) {
  const bool is_percent = text.ends_with('%');
  OPTIINFRA_TRY(const double number, parse_number(is_percent ? text.substr(0, text.size() - 1) : text));
  return is_percent ? number / 100 : number;
}

Result<std::optional<double>> parse_target(const std::string& text) {
  OPTIINFRA_TRY(const double number, parse_number(text));
  return std::optional(number);
}

void describe_set(CLI::App& app, ObjectiveSetFlags& flags) {
  attribution::Objective& objective = flags.objective;
  app.add_option("name", objective.name, "A name for the objective")->type_name("NAME")->required();
  add_parsed(app, "--time-to-first-token-ms", objective.time_to_first_token_ms, parse_target,
             "The most ms to the first token of a good request", "MS");
  add_parsed(app, "--inter-token-latency-ms", objective.inter_token_latency_ms, parse_target,
             "The most ms between two tokens of a good request, on average", "MS");
  add_parsed(app, "--latency-ms", objective.latency_ms, parse_target,
             "The most ms from arrival to the last token of a good request", "MS");
  add_parsed(app, "--share", objective.share, parse_share,
             "The share of requests that shall be good, such as 99.5%; default 99%", "SHARE");
  add_parsed(app, "--period", objective.period, parse_days,
             "What the error budget is for, up to the time of the question; default 28d", "DAYS");
  app.add_option("--of", flags.of,
                 "Whose requests: customer, service, model, model_version, server or instance; default: all")
      ->type_name("DIMENSION=VALUE");
}

void describe_remove(CLI::App& app, ObjectiveNameFlags& flags) {
  app.add_option("name", flags.name, "The objective")->type_name("NAME")->required();
}

}  // namespace

void define_objective(CLI::App& parent, Action& action) {
  CLI::App* const objective = parent.add_subcommand(
      "objective",
      "Which requests are good and what share of them shall be; `query slo` holds requests to it");
  objective->require_subcommand(1);
  define_command<ObjectiveSetFlags>(
      *objective, action, "set",
      "Set an objective, or replace the one of this name; without a target it is about errors alone",
      "  optiinfra objective set chat --of service=chat --time-to-first-token-ms 500 --share 99.5%\n"
      "  optiinfra objective set fleet --latency-ms 20000 --period 7d",
      describe_set, run_set);
  define_command<ObjectiveListFlags>(
      *objective, action, "list", "List the objectives", "  optiinfra objective list",
      [](CLI::App&, ObjectiveListFlags&) {}, run_list);
  define_command<ObjectiveNameFlags>(*objective, action, "remove", "Remove an objective",
                                     "  optiinfra objective remove chat", describe_remove, run_remove);
}

}  // namespace optiinfra::cli
