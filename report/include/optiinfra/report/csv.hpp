/// @file optiinfra/report/csv.hpp
/// Records as CSV (RFC 4180, but lines end with LF).
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/report/records.hpp"

namespace optiinfra::report {

/// One line with the keys and one line for each row. An absent value is an empty cell.
std::string render_csv(const Records& records);

/// `text` as one cell, quoted when it must be.
std::string csv_cell(std::string_view text);

}  // namespace optiinfra::report
