/// Says who pays by a key of a bill's line: what `--customer-map FILE.csv` holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "map.hpp"
#include "optiinfra/client/client.hpp"

namespace optiinfra {

inline constexpr const char* kCustomerColumn = "customer_id";

/// Stands before the key in the value of a row whose key has no customer, which then is no UUID.
inline constexpr std::string_view kNoCustomer = "no customer for ";

/// Reads the file; names of customers become UUIDs. CustomersByKey::key is empty still.
/// Errors: kInvalidArgument that names the file and the line: no CSV, no header, a key twice, an unknown
/// customer, more than the engine takes in one query.
Result<CustomersByKey> read_customers(Client& client, const std::filesystem::path& path);

/// Puts them in the place of the map's customer_id. The key is one of the map's, or `tag:NAME`, or a column
/// of the file. Errors: kInvalidArgument for the contract's map, and for a tag where the map knows none.
Result<void> give_customers(const CustomersByKey& customers, ImportMap& map);

/// The customer as a text: a UUID, or kNoCustomer and the key.
std::string customer_of(const CustomersByKey& customers, const std::string& key);

}  // namespace optiinfra
