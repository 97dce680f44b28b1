#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "commands/stated_money.hpp"
#include "flags.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/scope.hpp"
#include "optiinfra/service/stated_money.hpp"

namespace optiinfra::cli {
namespace {

struct BudgetSetFlags {
  attribution::Budget budget;
  std::string of;
};

struct BudgetNameFlags {
  std::string name;
};

struct BudgetListFlags {};

Result<ExitCode> run_set(const BudgetSetFlags& flags, Context& context) {
  attribution::Budget budget = flags.budget;
  if (auto parsed = attribution::parse_scope(flags.of, budget.scope, budget.scope_id); !parsed)
    return with_context(std::move(parsed).error(), "--of");
  const auto set = [budget](Client& client) mutable -> Result<std::size_t> {
    OPTIINFRA_TRY(const Names names, client.names());
    if (auto resolved = attribution::resolve_scope(names, budget.scope, budget.scope_id); !resolved)
      return with_context(std::move(resolved).error(), "--of");
    return attribution::set_budgets(client, {budget});
  };
  return set_stated({"budget set", "budgets"}, service::budget_records({budget}), set, "", context);
}

Result<ExitCode> run_remove(const BudgetNameFlags& flags, Context& context) {
  return remove_stated(
      {"budget remove", "budgets"}, {{"budget", flags.name}},
      [&](Client& client) { return attribution::remove_budget(client, flags.name); }, context);
}

Result<ExitCode> run_list(const BudgetListFlags&, Context& context) {
  const auto read = [](Client& client) -> Result<Records> {
    OPTIINFRA_TRY(const auto budgets, attribution::read_budgets(client));
    return service::budget_records(budgets);
  };
  return list_stated({"budget list", "budgets"}, {},
                     "no budget; set one with: optiinfra budget set NAME AMOUNT", read, context);
}

void describe_set(CLI::App& app, BudgetSetFlags& flags) {
  app.add_option("name", flags.budget.name, "A name for the budget")->type_name("NAME")->required();
  add_parsed(app, "amount", flags.budget.amount, parse_number, "What a calendar month (UTC) may cost",
             "AMOUNT")
      ->required();
  add_currency(app, flags.budget.currency);
  app.add_option(
         "--of", flags.of,
         "What it is for: customer, service, model, instance, provider, region or instance_type; default: "
         "everything")
      ->type_name("DIMENSION=VALUE");
  add_parsed(app, "--thresholds", flags.budget.thresholds, attribution::parse_thresholds,
             "Percents of the amount that are told when they are passed; default 50,80,100", "PERCENT,...");
}

void describe_remove(CLI::App& app, BudgetNameFlags& flags) {
  app.add_option("name", flags.name, "The budget")->type_name("NAME")->required();
}

}  // namespace

void define_budget(CLI::App& parent, Action& action) {
  CLI::App* const budget = parent.add_subcommand(
      "budget",
      "What a month may cost, for everything, a customer, a service, ...; `query budgets` compares");
  budget->require_subcommand(1);
  define_command<BudgetSetFlags>(
      *budget, action, "set", "Set a budget, or replace the one of this name",
      "  optiinfra budget set fleet 250000 --currency USD\n"
      "  optiinfra budget set acme 5000 --currency USD --of customer=acme --thresholds 80,100",
      describe_set, run_set);
  define_command<BudgetListFlags>(
      *budget, action, "list", "List the budgets", "  optiinfra budget list",
      [](CLI::App&, BudgetListFlags&) {}, run_list);
  define_command<BudgetNameFlags>(*budget, action, "remove", "Remove a budget",
                                  "  optiinfra budget remove acme", describe_remove, run_remove);
}

}  // namespace optiinfra::cli
