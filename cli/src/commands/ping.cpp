#include "commands/command.hpp"
#include "commands/commands.hpp"

namespace optiinfra::cli {
namespace {

Result<ExitCode> run(const NoFlags&, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(Client client, Client::open(url));
  const double open_ms = watch.elapsed().count() * 1000;
  if (!client.ping())
    return Error{ErrorKind::kUnavailable,
                 "the store at " + url.description() + " opened but does not answer"};
  Report report{.command = "ping"};
  report.sections.push_back(object_section(
      "ping", {{"url", "store"}, {"answers", "answers"}, {"open_ms", "opened in, ms", Look::kDecimal, 1}},
      {url.description(), true, open_ms}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace

void define_ping(CLI::App& parent, Action& action) {
  define_command<NoFlags>(parent, action, "ping", "Ask the store whether it answers",
                          "  optiinfra ping\n"
                          "  optiinfra ping --url embedded:/srv/metrics && echo up",
                          describe_nothing, run);
}

}  // namespace optiinfra::cli
