/// @file optiinfra/report/stored_names.hpp
/// The names that the rows of a store have - customers, services, instances, models, ... - and why a question
/// found no rows.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::report {

/// Any of these values of one dimension.
struct NameFilter {
  const Dimension* dimension;
  std::vector<std::string> values;
};

/// The dimension of that name, which the catalogue must have.
const Dimension& dimension_of(std::string_view name);

/// "UUID" or "String": the type of the dimension's values in `family`, which must have the dimension.
const char* value_type(Family family, const Dimension& dimension);

/// Whether the parameter's value is a UUID.
bool takes_uuid(const NamedQuestion& question, const Parameter& parameter);

/// Where to find the rows of a family that have some names: in the rollup, or in the raw table when only that
/// has the names.
struct NamedRows {
  std::string from;
  const char* time_column;
  std::vector<std::string> where;
  std::vector<NamedValue> parameters;
};

/// Empty when the family lacks one of the dimensions.
std::optional<NamedRows> named_rows(std::string_view database, Family family,
                                    std::span<const NameFilter> filters);

struct Absence {
  bool is_unknown = false;  ///< The store has no such rows at any time. Otherwise it has none in the window.
  std::string sentence;     ///< With what the store does have.
};

/// Nothing for an answer that has rows behind it; else the reason why it has none.
Result<std::optional<Absence>> absence_of(Client& client, const Question& question, const Answer& answer);

/// Why no rows of `families` match `filters`, which may have names, within `window`. The families must have
/// the filters' dimensions.
Result<Absence> explain_absence(Client& client, std::vector<Filter> filters,
                                const std::vector<Family>& families, TimeRange window);

}  // namespace optiinfra::report
