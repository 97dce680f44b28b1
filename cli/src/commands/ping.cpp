#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace optiinfra::cli {
namespace {

Result<ExitCode> answer(const std::string& url, double open_ms, const Stopwatch& watch, Context& context) {
  Report report{.command = "ping"};
  report.sections.push_back(object_section(
      "ping", {{"url", "store"}, {"answers", "answers"}, {"open_ms", "opened in, ms", Look::kDecimal, 1}},
      {url, true, open_ms}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

/// The store must answer, and the token must be one that the service knows.
Result<ExitCode> ping_api(api::ApiStore& api, const Stopwatch& watch, Context& context) {
  OPTIINFRA_CHECK(api.send({.path = "/readyz"}));
  OPTIINFRA_CHECK(api.send({.path = "/api/v1/catalogue"}));
  return answer(api.description(), watch.elapsed().count() * 1000, watch, context);
}

Result<ExitCode> run(const NoFlags&, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(auto api, context.api());
  if (api) return ping_api(*api, watch, context);
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(Client client, Client::open(url));
  const double open_ms = watch.elapsed().count() * 1000;
  if (!client.ping())
    return Error{ErrorKind::kUnavailable,
                 "the store at " + url.description() + " opened but does not answer"};
  return answer(url.description(), open_ms, watch, context);
}

}  // namespace

void define_ping(CLI::App& parent, Action& action) {
  define_command<NoFlags>(parent, action, "ping", "Ask the store whether it answers",
                          "  optiinfra ping\n"
                          "  optiinfra ping --url embedded:/srv/metrics && echo up\n"
                          "  optiinfra ping --url api://metrics.example:7070",
                          describe_nothing, run);
}

}  // namespace optiinfra::cli
