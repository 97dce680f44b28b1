/// @file optiinfra/core/csv_table.hpp
/// Small CSV files with a header of known names, in any order.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Takes the texts of one row in the order of the known names; one whose column is not there is empty.
using OnTexts = std::function<Result<void>(std::vector<std::string> texts)>;

/// The index of `name` in `known`. Errors: kInvalidArgument, with the name that it may be a misspelling of.
Result<std::size_t> index_of_field(std::string_view name, std::span<const std::string_view> known);

/// Calls `on_row` for each row of `text`. Empty lines are skipped. Errors: kInvalidArgument for a column that
/// is not known or comes twice, and for a row with more or fewer cells than the header; those of `on_row`,
/// which end the reading. Errors of rows name the line.
Result<void> read_csv_table(std::string_view text, std::span<const std::string_view> known,
                            const OnTexts& on_row);

}  // namespace optiinfra
