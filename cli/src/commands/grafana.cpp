#include "optiinfra/report/grafana.hpp"

#include <algorithm>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
namespace {

struct GrafanaFlags {
  std::string family;
  std::string database = "optiinfra";
};

Result<ExitCode> print_dashboard(const GrafanaFlags& flags, Context& context) {
  const bool is_name =
      !flags.database.empty() && std::ranges::all_of(flags.database, [](unsigned char letter) {
        return std::isalnum(letter) != 0 || letter == '_';
      });
  if (!is_name)
    return invalid_argument("--database is a name of letters, digits and _, not '" + flags.database + "'");
  OPTIINFRA_TRY(const Family family, parse_family(flags.family));
  OPTIINFRA_CHECK(context.screen.write(report::grafana_dashboard(family, flags.database)));
  return ExitCode::kDone;
}

void describe_grafana(CLI::App& app, GrafanaFlags& flags) {
  std::vector<std::string> names;
  for (const Family family : kFamilies) names.emplace_back(table_of(family).name);
  app.add_option("family", flags.family, "What it shows")
      ->type_name("cost|performance|resource|quality|serving")
      ->required()
      ->check(CLI::IsMember(names));
  app.add_option("--database", flags.database, "The store's database on the ClickHouse server")
      ->type_name("NAME")
      ->capture_default_str();
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
