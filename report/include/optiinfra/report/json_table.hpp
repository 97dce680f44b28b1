/// @file optiinfra/report/json_table.hpp
/// Rows of known fields that people send as JSON: an object, or an array of them.
#pragma once

#include <span>
#include <string_view>

#include "optiinfra/core/csv_table.hpp"

namespace optiinfra::report {

/// What a field may be, besides a text or null. Null is as good as left out.
enum class JsonValues { kTexts, kTextsAndNumbers };

/// Calls `on_row` for each object of `text`, with its texts in the order of `known`; see read_csv_table().
/// Errors: kInvalidArgument for a body that is not JSON, goes deeper than an array of objects, or has a field
/// that is not known; those of `on_row`, which end the reading. Errors of rows name the index, from 0.
Result<void> read_json_table(std::string_view text, std::span<const std::string_view> known,
                             JsonValues values, const OnTexts& on_row);

}  // namespace optiinfra::report
