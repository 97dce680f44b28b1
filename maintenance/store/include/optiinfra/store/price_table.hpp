/// @file optiinfra/store/price_table.hpp
/// The table of prices. Layer `attribution` writes and reads it (optiinfra/attribution/price_book.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {

/// A record of every price that was set or removed. The newest record of a provider, SKU, region, tier, unit
/// and beginning is what holds.
inline constexpr const char* kPriceTable = "price_book";

/// The statement that makes it on one machine or a shard; it may run twice.
std::vector<std::string> create_price_table(std::string_view database, const TableForm& form);

/// The same over all shards.
std::vector<std::string> distribute_price_table(std::string_view database, const DistributedForm& form);

}  // namespace optiinfra
