/// @file optiinfra/report/names.hpp
/// Names in reports: next to the ids of customers, services and instances, and as a list.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// The client's names; none when they cannot be read, because an answer without names is better than none.
Names names_or_none(Client& client);

/// The same for an answer, and none for one that has no ids.
Names names_of_answer(Client& client, const Answer& answer);

/// Adds a field `customer_name` after `customer_id`, and so on: absent where an id has no name.
void add_names(Records& records, const Names& names);

/// `text` with the name of each customer and service after its UUID: "customer_id=550e8400-... (acme)".
std::string with_names(const std::string& text, const Names& names);

/// The entries as rows.
Records name_records(const std::vector<const NamedId*>& entries);

}  // namespace optiinfra::report
