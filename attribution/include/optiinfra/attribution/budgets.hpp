/// @file optiinfra/attribution/budgets.hpp
/// What a calendar month (UTC) may cost, for everything or a part of it. The computed question `budgets`
/// compares them with attributed cost and its forecast.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/store/forget.hpp"

namespace optiinfra::attribution {

struct Budget {
  std::string name;  ///< Of people's choice; unique.
  std::string scope =
      {};  ///< "customer", "service", "model", ...: a dimension of costs; empty for everything.
  std::string scope_id = {};  ///< The customer's UUID, the model's name, ...; empty for everything.
  double amount = 0;          ///< Of a month, above 0.
  std::string currency = {};  ///< ISO 4217, as in bills; empty when those do not state one.
  std::vector<double> thresholds = {50, 80, 100};  ///< Percents of the amount, ascending, at most 10.

  friend bool operator==(const Budget&, const Budget&) = default;
};

/// Most records of the table, those of earlier budgets included.
inline constexpr std::size_t kBudgetRecordsMax = 100'000;

/// The budgets that hold, by name. Errors: of the store; kTooLarge beyond kBudgetRecordsMax.
Result<std::vector<Budget>> read_budgets(Client& client);

/// Sets budgets, all or none, each new or in place of the one of its name. Returns how many were new or
/// changed. Errors: kInvalidArgument naming the budget (the first is 1) and the field; kTooLarge beyond
/// kBudgetRecordsMax; of the store.
Result<std::size_t> set_budgets(Client& client, std::vector<Budget> budgets);

/// Errors: kInvalidArgument when there is no budget of this name; of the store.
Result<void> remove_budget(Client& client, const std::string& name);

/// Sets the budgets of `source` whose names `target` does not have. Returns how many. Errors: of either
/// store.
Result<std::size_t> copy_budgets(Client& source, Client& target);

/// All records of budgets for the customer.
store::RowsToRemove budgets_of(const Uuid& customer);

/// The names of a budget's fields: budget (its name), amount, currency, scope, scope_id, thresholds.
std::span<const std::string_view> budget_fields();

/// A budget from texts, one for each of budget_fields(); budget and amount are required. Errors:
/// kInvalidArgument, naming the field.
Result<Budget> budget_of(std::vector<std::string> texts);

/// "50,80,100". Errors: kInvalidArgument unless they are 1 to 10 ascending percents from 1 to 1,000.
Result<std::vector<double>> parse_thresholds(const std::string& text);
std::string thresholds_text(const std::vector<double>& thresholds);

}  // namespace optiinfra::attribution
