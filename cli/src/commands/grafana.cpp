#include "optiinfra/report/grafana.hpp"

#include <algorithm>
#include <cctype>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

struct GrafanaFlags {
  Family family{};
  std::string database = "optiinfra";
};

Result<std::string> parse_database(const std::string& text) {
  const auto may_stand = [](unsigned char letter) { return std::isalnum(letter) != 0 || letter == '_'; };
  if (!text.empty() && std::ranges::all_of(text, may_stand)) return text;
  return invalid_argument("'" + text + "' is not a name of letters, digits and _");
}

Result<ExitCode> print_dashboard(const GrafanaFlags& flags, Context& context) {
  OPTIINFRA_CHECK(context.screen.write(report::grafana_dashboard(flags.family, flags.database)));
  return ExitCode::kDone;
}

void describe_grafana(CLI::App& app, GrafanaFlags& flags) {
  add_parsed(app, "family", flags.family, parse_family, "What it shows", family_type())->required();
  add_parsed(app, "--database", flags.database, parse_database,
             "The store's database on the ClickHouse server; default optiinfra", "NAME");
}

}  // namespace

void define_grafana(CLI::App& parent, Action& action) {
  define_command<GrafanaFlags>(parent, action, "grafana",
                               "Print a dashboard for Grafana's ClickHouse data source, as JSON to import",
                               "  optiinfra grafana performance > performance.json\n"
                               "  optiinfra grafana cost --database fleet > cost.json",
                               describe_grafana, print_dashboard);
}

}  // namespace optiinfra::cli
