/// A refused row for people: what the reading query says about it, joined with the broken rules.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "optiinfra/schema/validate.hpp"

namespace optiinfra {

/// The line of FILE.rejected.jsonl. `details` is the JSON of kDetails ("" when there is none), `broken` what
/// validate() has found, `columns` the table's.
std::string rejected_line(std::optional<std::uint64_t> line, std::uint64_t row, std::string_view details,
                          std::span<const RefusedValue> broken, std::span<const ColumnDefinition> columns);

/// The `row` of such a line; 0 for anything else.
std::uint64_t row_of_rejected_line(std::string_view line);

}  // namespace optiinfra
