/// @file optiinfra/attribution/budgets.hpp
/// What a calendar month (UTC) may cost, for everything or a part of it. The computed question `budgets`
/// compares them with attributed cost and its forecast.
#pragma once

#include <string>
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
};

/// Most records of the table, those of earlier budgets included.
inline constexpr std::size_t kBudgetRecordsMax = 100'000;

/// The budgets that hold, by name. Errors: of the store; kTooLarge beyond kBudgetRecordsMax.
Result<std::vector<Budget>> read_budgets(Client& client);

/// Sets a budget, or replaces the one of this name. Errors: kInvalidArgument naming the field; of the store.
Result<void> set_budget(Client& client, const Budget& budget);

/// Errors: kInvalidArgument when there is no budget of this name; of the store.
Result<void> remove_budget(Client& client, const std::string& name);

/// Sets the budgets of `source` whose names `target` does not have. Returns how many. Errors: of either
/// store.
Result<std::size_t> copy_budgets(Client& source, Client& target);

/// All records of budgets for the customer.
store::RowsToRemove budgets_of(const Uuid& customer);

/// The dimensions that a budget can be for: "customer", "service", ...
std::vector<std::string> budget_scopes();

/// "50,80,100". Errors: kInvalidArgument unless they are 1 to 10 ascending percents from 1 to 1,000.
Result<std::vector<double>> parse_thresholds(const std::string& text);
std::string thresholds_text(const std::vector<double>& thresholds);

}  // namespace optiinfra::attribution
