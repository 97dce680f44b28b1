#include <charconv>

#include "commands/attribution_commands.hpp"
#include "commands/command.hpp"
#include "flags.hpp"
#include "optiinfra/attribution/budgets.hpp"

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

/// Reads "customer=acme" into the budget, with the id for a name.
Result<void> set_scope(const std::string& of, const Names& names, attribution::Budget& budget) {
  if (of.empty()) return {};
  const std::size_t sign = of.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == of.size())
    return invalid_argument("--of: '" + of + "' is not DIMENSION=VALUE, such as customer=acme");
  budget.scope = of.substr(0, sign);
  budget.scope_id = of.substr(sign + 1);
  const auto kind = parse_name_kind(budget.scope);
  if (!kind) return {};
  auto id = names.id_of(*kind, budget.scope_id);
  if (!id) return with_context(std::move(id).error(), "--of");
  budget.scope_id = *std::move(id);
  return {};
}

Result<ExitCode> answer_count(const char* command, const char* key, const Stopwatch& watch,
                              Context& context) {
  Report report{.command = command};
  report.sections.push_back(object_section("summary", {{key, key, Look::kCount}}, {std::uint64_t{1}}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<ExitCode> run_set(const BudgetSetFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  attribution::Budget budget = flags.budget;
  OPTIINFRA_CHECK(set_scope(flags.of, names, budget));
  OPTIINFRA_CHECK(attribution::set_budget(client, budget));
  return answer_count("budget set", "set", watch, context);
}

Result<ExitCode> run_remove(const BudgetNameFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_CHECK(attribution::remove_budget(client, flags.name));
  return answer_count("budget remove", "removed", watch, context);
}

Result<ExitCode> run_list(const BudgetListFlags&, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const auto budgets, attribution::read_budgets(client));
  Records records{.fields = {{"budget", "budget"},
                             {"scope", "of"},
                             {"scope_id", "which"},
                             {"amount", "amount a month", Look::kDecimal, 2},
                             {"currency", "currency"},
                             {"thresholds", "thresholds, percent"}},
                  .rows = {}};
  const auto text = [](const std::string& each) { return each.empty() ? Value{} : Value{each}; };
  for (const attribution::Budget& each : budgets)
    records.rows.push_back({each.name, text(each.scope), text(each.scope_id), each.amount,
                            text(each.currency), attribution::thresholds_text(each.thresholds)});
  Report report{.command = "budget list"};
  if (records.rows.empty()) report.instead = "no budget; set one with: optiinfra budget set NAME AMOUNT";
  report.sections.push_back({.key = "budgets", .title = {}, .records = std::move(records)});
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

Result<double> parse_amount(const std::string& text) {
  double amount = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (code == std::errc{} && end == text.data() + text.size()) return amount;
  return invalid_argument("'" + text + "' is not a number, such as 5000");
}

void describe_set(CLI::App& app, BudgetSetFlags& flags) {
  app.add_option("name", flags.budget.name, "A name for the budget")->type_name("NAME")->required();
  add_parsed(app, "amount", flags.budget.amount, parse_amount, "What a calendar month (UTC) may cost",
             "AMOUNT")
      ->required();
  app.add_option("--currency", flags.budget.currency,
                 "Three capital letters, the same as in your bills; default: not stated")
      ->type_name("CODE");
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
