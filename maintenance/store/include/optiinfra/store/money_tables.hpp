/// @file optiinfra/store/money_tables.hpp
/// The tables of prices, budgets, objectives and exchange rates. Layer `attribution` writes and reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra::store {

/// A record of every price that was set or removed. The newest record of a provider, SKU, region, tier, unit
/// and beginning is what holds (optiinfra/attribution/price_book.hpp).
inline constexpr const char* kPriceTable = "price_book";

/// A record of every budget that was set or removed. The newest record of a name is what holds
/// (optiinfra/attribution/budgets.hpp).
inline constexpr const char* kBudgetTable = "budgets";

/// A record of every objective that was set or removed. The newest record of a name is what holds
/// (optiinfra/attribution/objectives.hpp).
inline constexpr const char* kObjectiveTable = "objectives";

/// A record of every exchange rate that was set or removed. The newest record of two currencies and a day is
/// what holds (optiinfra/attribution/exchange_rates.hpp).
inline constexpr const char* kRateTable = "exchange_rates";

/// The statements that make the first two on one machine or a shard, kPriceTable first; they may run twice.
std::vector<std::string> create_money_tables(std::string_view database, const TableForm& form);

/// The same over all shards.
std::vector<std::string> distribute_money_tables(std::string_view database, const DistributedForm& form);

/// The same for the other two, kObjectiveTable first.
/// @{
std::vector<std::string> create_objective_and_rate_tables(std::string_view database, const TableForm& form);
std::vector<std::string> distribute_objective_and_rate_tables(std::string_view database,
                                                              const DistributedForm& form);
/// @}

}  // namespace optiinfra::store
