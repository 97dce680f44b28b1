#include "application.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/import/import.hpp"
#include "version.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kAbout =
    "The metrics store for teams that serve LLMs: cost, performance, resources and quality in one folder,\n"
    "with hourly rollups, on the ClickHouse engine inside this program.";

constexpr const char* kFooter =
    "Times are UTC: 2026-03-01, 2026-03-01T12:30:05Z, now, now-24h. Durations: 10s, 5m, 24h, 7d, 2w.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some rows refused, 4 verify or doctor found a fault,\n"
    "5 the store has no such customer, service, ..., 130 interrupted (the same command again finishes the "
    "rest).\n"
    "\n"
    "Environment: OPTIINFRA_URL (the store), OPTIINFRA_PASSWORD_FILE (whose first line is the password for "
    "a\n"
    "server's URL that holds none), XDG_DATA_HOME (where the default store lies), "
    "OPTIINFRA_LIBCHDB\n"
    "(the engine library), NO_COLOR.\n"
    "\n"
    "Examples:\n"
    "  optiinfra generate --days 7                     a store with a believable fleet\n"
    "  optiinfra verify                                is it whole?\n"
    "  optiinfra query --help                          what it can be asked\n"
    "  optiinfra --url embedded:/srv/metrics ping      another store";

Result<OutputFormat> parse_output(const std::string& text) {
  if (text == "table") return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "csv") return OutputFormat::kCsv;
  return Error{ErrorKind::kInvalidArgument, "'" + text + "' is not one of table, json, csv"};
}

/// Whether errors are to be JSON, also those of a command line that cannot be parsed.
bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--output=json") == 0 || std::strcmp(argv[i], "--json") == 0) return true;
    if (std::strcmp(argv[i], "--output") == 0 && i + 1 < argc && std::strcmp(argv[i + 1], "json") == 0)
      return true;
  }
  return false;
}

/// The words of the command that was being parsed: "optiinfra query cost-hourly".
std::string command_words(const CLI::App& app) {
  std::string words = app.get_name();
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().back();
    words += " " + at->get_name();
  }
  return words;
}

/// What is wrong, in one line. A word that is no command is named rather than called missing.
std::string reason_of(const CLI::App& app, const CLI::ParseError& error) {
  const auto words = app.remaining(true);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !words.empty() &&
      !words.front().starts_with('-'))
    return "unknown command '" + words.front() + "'";
  return error.what();
}

ExitCode refuse(const CLI::App& app, const CLI::ParseError& error, const Context& context) {
  const std::string command = command_words(app);
  std::string message = command + ": " + reason_of(app, error);
  if (context.output != OutputFormat::kJson) message += "\nSee '" + command + " --help'.";
  context.complain("wrong_usage", message, 0);
  return ExitCode::kWrongUsage;
}

ExitCode run_action(const Action& action, Context& context) {
  auto result = action(context);
  if (result) return *result;
  context.complain(result.error());
  return exit_code_of(result.error());
}

/// What import starts for files that can end the process that reads them; no command for people.
int run_reader(const char* format, const char* compression) {
  const auto done = read_apart(format, compression);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done ? 0 : 1;
}

}  // namespace

std::unique_ptr<CLI::App> define_application(Context& context, Action& action) {
  auto app = std::make_unique<CLI::App>(kAbout, "optiinfra");
  app->footer(kFooter);
  app->fallthrough();
  app->require_subcommand(1);
  app->set_version_flag("--version", "optiinfra " OPTIINFRA_VERSION, "Print the version and exit");
  app->set_help_flag("-h,--help", "Print help and exit");
  app->option_defaults()->group("Global flags, before or after the command");
  app->add_option(
         "--url", context.url,
         "The store: embedded:/path, clickhouse://user@host:9000/database, http://...; also OPTIINFRA_URL")
      ->type_name("URL");
  add_parsed(*app, "--output", context.output, parse_output, "How answers are printed; default table",
             "table|json|csv");
  app->add_flag("-q,--quiet", context.quiet, "No progress and no remarks");
  app->option_defaults()->group("Flags");
  define_init(*app, action);
  define_verify(*app, action);
  define_doctor(*app, action);
  define_ping(*app, action);
  define_import(*app, action);
  define_copy(*app, action);
  define_generate(*app, action);
  define_collect(*app, action);
  define_query(*app, action);
  define_names(*app, action);
  define_retention(*app, action);
  define_server(*app, action);
  define_bench(*app, action);
  define_sql(*app, action);
  define_version(*app, action);
  define_completion(*app, action);
  define_man(*app, action);
  return app;
}

int run_application(int argc, const char* const* argv) {
  if (argc == 4 && std::strcmp(argv[1], kReadApart) == 0) return run_reader(argv[2], argv[3]);
  Context context;
  context.screen_terminal = terminal_of(1);
  context.console_terminal = terminal_of(2);
  if (asks_for_json(argc, argv)) context.output = OutputFormat::kJson;
  Action action;
  const auto app = define_application(context, action);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app->exit(asked);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(refuse(*app, error, context));
  }
  return static_cast<int>(run_action(action, context));
}

}  // namespace optiinfra::cli
