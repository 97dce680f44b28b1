/// Records as aligned text.
#pragma once

#include <string>

#include "output/reports.hpp"
#include "output/terminal.hpp"

namespace optiinfra::cli {

/// One line a row under headings; numbers to the right. On a person's terminal that is narrower, one line a
/// value and a paragraph a row. Without rows: "(none)". Control characters in text are replaced, so that
/// stored data cannot drive the terminal.
std::string render_table(const Records& records, const Terminal& terminal);

/// One line a field: heading and value. For records of one row.
std::string render_object(const Records& records, const Terminal& terminal);

/// All of a report: titles, tables, charts, notes, and a last line with the window and the time taken.
std::string render_report(const Report& report, const Terminal& terminal);

}  // namespace optiinfra::cli
