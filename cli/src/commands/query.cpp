#include "commands/attribution_commands.hpp"
#include "commands/commands.hpp"

namespace optiinfra::cli {

void define_query(CLI::App& parent, Action& action) {
  CLI::App* const query =
      parent.add_subcommand("query", "Ask about cost, performance, resources and quality");
  query->require_subcommand(1);
  query->add_flag_callback(
      "--list", [query] { query->require_subcommand(0); },
      "List the measures, dimensions and questions, with units and families");
  query->footer(
      "Every answer states the window it covers. Windows are exact: whole hours come from the hourly "
      "rollup,\n"
      "partial hours at the edges from raw rows.");
  define_named_questions(*query, action);
  define_metrics(*query, action);
  define_computed_questions(*query, action);
  query->final_callback([query, &action] {
    if (query->get_subcommands().empty()) action = list_questions;
  });
}

}  // namespace optiinfra::cli
