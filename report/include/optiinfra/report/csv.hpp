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

/// The same records for people who open CSV in a spreadsheet: a text that it would run as a formula (one that
/// begins with = + - @, a tab or a line break) gets an apostrophe in front. Numbers stay numbers. Other CSV
/// holds texts as they are, because programs read it.
Records for_spreadsheets(Records records);

/// `text` as for_spreadsheets() writes it.
std::string for_spreadsheets(std::string text);

}  // namespace optiinfra::report
