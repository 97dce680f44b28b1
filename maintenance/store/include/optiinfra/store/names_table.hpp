/// @file optiinfra/store/names_table.hpp
/// The table of names. Layer `client` writes and reads it (optiinfra/client/names.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/tables.hpp"

namespace optiinfra::store {

/// A record of every name that was set or removed. The newest record of a name, and of an id, is what holds.
inline constexpr const char* kNamesTable = "names";

/// The statement that makes it on one machine or a shard; it may run twice.
std::vector<std::string> create_names_table(std::string_view database, const TableForm& form);

/// The same over all shards.
std::vector<std::string> distribute_names_table(std::string_view database, const DistributedForm& form);

}  // namespace optiinfra::store
