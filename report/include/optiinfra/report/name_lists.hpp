/// @file optiinfra/report/name_lists.hpp
/// Lists the customers, services, instances and models that the rows of a store name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// A list of the names of `keys`, with how many names of `counted` each has.
struct NameList {
  const char* name;  ///< "customers".
  const char* meaning;
  const char* examples;  ///< Command lines, two spaces in front.
  std::vector<const char*> keys;
  std::vector<const char*> counted;
  bool by_customer = true, by_service = false;  ///< Which filters it takes.
};
std::span<const NameList> name_lists();

/// The families whose rollups have all keys of the list.
std::vector<Family> families_of(const NameList& list);

struct ListedNames {
  Records records;
  bool has_more = false;  ///< There are more than were asked for.
};

/// At most `limit` names, those with the most rows first. Empty when no row matches `filters`, which may have
/// `given` names; those are shown next to the ids.
Result<ListedNames> list_names(Client& client, const NameList& list, std::vector<Filter> filters,
                               std::size_t limit, const Names& given);

}  // namespace optiinfra::report
