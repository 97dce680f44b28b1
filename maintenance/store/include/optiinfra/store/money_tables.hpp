/// @file optiinfra/store/money_tables.hpp
/// The tables of prices and budgets. Layer `attribution` writes and reads them.
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

/// The statements that make both on one machine or a shard, kPriceTable first; they may run twice.
std::vector<std::string> create_money_tables(std::string_view database, const TableForm& form);

/// The same over all shards.
std::vector<std::string> distribute_money_tables(std::string_view database, const DistributedForm& form);

}  // namespace optiinfra::store
