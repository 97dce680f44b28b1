/// Describes a refused row for people: the reading query's details, and the rules that the row breaks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/validate.hpp"

namespace optiinfra {

/// Reads the JSON that the query gives of a row: [shape, misread, inconvertible, absent, [values], raw],
/// where the three numbers are bits by position in `misread_names`, `given_names` and `given_names`.
struct RowDescriber {
  std::vector<std::string> misread_names;  ///< Columns of the file with a type.
  std::vector<std::string> given_names;    ///< Columns of the table, as the values.
  std::vector<std::string> raw_names;      ///< Columns of the file, as raw; empty when raw is a line of JSON.
  std::vector<ColumnDefinition> columns;   ///< The table's.

  /// The line of FILE.rejected.jsonl. `broken` is what validate() has found.
  std::string rejected_line(std::optional<std::uint64_t> line, std::uint64_t row, std::string_view details,
                            std::span<const RefusedValue> broken) const;
};

/// The `row` of such a line; 0 for anything else.
std::uint64_t row_of_rejected_line(std::string_view line);

}  // namespace optiinfra
