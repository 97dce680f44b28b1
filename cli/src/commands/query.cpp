#include "commands/commands.hpp"

namespace optiinfra::cli {

void define_query(CLI::App& parent, Action& action) {
  CLI::App* const query =
      parent.add_subcommand("query", "Ask about cost, performance, resources and quality");
  query->require_subcommand(1);
  query->footer(
      "Every answer states the window it covers. Windows are exact: whole hours come from the hourly "
      "rollup,\n"
      "partial hours at the edges from raw rows.");
  define_cost_hourly(*query, action);
  define_performance_p95(*query, action);
  define_resource_utilization(*query, action);
  define_quality_trends(*query, action);
  define_models(*query, action);
  define_cost(*query, action);
}

}  // namespace optiinfra::cli
