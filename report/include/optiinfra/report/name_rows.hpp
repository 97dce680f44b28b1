/// @file optiinfra/report/name_rows.hpp
/// Names to set, as others write them: CSV with a header, or JSON. Keys are kind, name, id and customer_id;
/// the last two may be left out.
#pragma once

#include <string_view>
#include <vector>

#include "optiinfra/client/names.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::report {

/// Errors: kInvalidArgument with the line, for an unknown column and for a row without kind or name;
/// kTooLarge for more than kNamesMax rows.
Result<std::vector<NewName>> read_names_csv(std::string_view text);

/// An object or an array of them. Errors: as above, with the index of the row.
Result<std::vector<NewName>> read_names_json(std::string_view text);

}  // namespace optiinfra::report
