#include "application.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "commands/attribution_commands.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/core/version.hpp"
#include "optiinfra/import/import.hpp"
#include "output/wrapped.hpp"
#include "wrong_usage.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kAbout =
    "The metrics store for teams that serve LLMs: cost, performance, resources and\n"
    "quality in one folder, with hourly rollups, on the ClickHouse engine inside this\nprogram.";

constexpr const char* kFooter =
    "Times are UTC: 2026-03-01, 2026-03-01T12:30:05Z, now, now-24h, now+1h. Durations: 10s, 5m, 24h, 7d, "
    "2w.\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some rows refused, 4 verify or doctor found a fault,\n"
    "5 the store has no such customer, service, ..., 130 interrupted (the same command again finishes the "
    "rest).\n"
    "\n"
    "Environment: OPTIINFRA_URL (the store), OPTIINFRA_PASSWORD_FILE (whose first line is the password for "
    "a\n"
    "server's URL that holds none), OPTIINFRA_TOKEN or OPTIINFRA_TOKEN_FILE (for api:// and apis://), "
    "XDG_DATA_HOME (where the default store lies), "
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
  return invalid_argument("'" + text + "' is not one of table, json, csv");
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

ExitCode refuse(const CLI::App& app, const CLI::ParseError& error, const Context& context) {
  const std::string command = command_words(app);
  std::string message = command + ": " + reason_of(app, error);
  if (context.output != OutputFormat::kJson) message += "\nSee '" + command + " --help'.";
  context.complain("wrong_usage", message, 0);
  return ExitCode::kWrongUsage;
}

int print_help(const CLI::App& app, const std::string& before, const Terminal& terminal) {
  std::fputs(wrapped(app.help(before), terminal.width).c_str(), stdout);
  return 0;
}

/// `optiinfra help [COMMAND...]`.
int help_about(const CLI::App& app, const std::vector<std::string>& words, const Context& context) {
  const CLI::App* command = &app;
  std::string before;
  for (const std::string& word : words) {
    const auto found =
        command->get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
    if (found.empty()) {
      context.complain("wrong_usage", "help: " + unknown_command(*command, word), 0);
      return static_cast<int>(ExitCode::kWrongUsage);
    }
    before += (before.empty() ? "" : " ") + command->get_name();
    command = found.front();
  }
  return print_help(*command, before, context.screen_terminal);
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

/// Known to help, the manual page and completions. run_application() does what it says.
void define_help(CLI::App& app) {
  CLI::App* const help = app.add_subcommand("help", "Print help for the program or for one command");
  help->add_option("command")->description("The command's words: query cost-hourly")->type_name("COMMAND...");
  help->footer("Examples:\n  optiinfra help\n  optiinfra help query cost-hourly");
}

}  // namespace

std::unique_ptr<CLI::App> define_application(Context& context, Action& action) {
  auto app = std::make_unique<CLI::App>(kAbout, "optiinfra");
  app->footer(kFooter);
  app->fallthrough();
  app->require_subcommand(1);
  app->set_version_flag("--version", "optiinfra " + std::string(version()), "Print the version and exit");
  app->set_help_flag("-h,--help", "Print help and exit");
  app->option_defaults()->group("Global flags, before or after the command");
  app->add_option("--url", context.url,
                  "The store: embedded:/path, clickhouse://user@host:9000/database, http://..., or "
                  "api://host:7070; also "
                  "OPTIINFRA_URL")
      ->type_name("URL");
  add_parsed(*app, "--output", context.output, parse_output, "How answers are printed; default table",
             "table|json|csv");
  app->add_flag("-q,--quiet", context.quiet, "Print no progress and no remarks");
  app->option_defaults()->group("Flags");
  define_init(*app, action);
  define_verify(*app, action);
  define_doctor(*app, action);
  define_ping(*app, action);
  define_import(*app, action);
  define_imports(*app, action);
  define_copy(*app, action);
  define_generate(*app, action);
  define_collect(*app, action);
  define_tail(*app, action);
  define_agent(*app, action);
  define_explain_metrics(*app, action);
  define_attribute(*app, action);
  define_price(*app, action);
  define_rate(*app, action);
  define_budget(*app, action);
  define_objective(*app, action);
  define_query(*app, action);
  define_report(*app, action);
  define_lists(*app, action);
  define_names(*app, action);
  define_backup(*app, action);
  define_restore(*app, action);
  define_retention(*app, action);
  define_forget(*app, action);
  define_server(*app, action);
  define_grafana(*app, action);
  define_token(*app, action);
  define_bench(*app, action);
  define_sql(*app, action);
  define_version(*app, action);
  define_help(*app);
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
  if (argc >= 2 && std::strcmp(argv[1], "help") == 0)
    return help_about(*app, {argv + 2, argv + argc}, context);
  try {
    app->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return print_help(*app, "", context.screen_terminal);
  } catch (const CLI::Success& asked) {
    return app->exit(asked);
  } catch (const CLI::ParseError& error) {
    return static_cast<int>(refuse(*app, error, context));
  }
  return static_cast<int>(run_action(action, context));
}

}  // namespace optiinfra::cli
