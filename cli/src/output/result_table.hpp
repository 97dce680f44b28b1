/// Prints the rows of any SQL answer as a table.
#pragma once

#include <memory>

#include "optiinfra/report/result_stream.hpp"
#include "output/reports.hpp"
#include "output/screen.hpp"
#include "output/terminal.hpp"

namespace optiinfra::cli {

/// Most rows that a table shows; the rest is counted. JSON and CSV have no limit.
inline constexpr std::size_t kTableRowsMax = 10'000;

std::unique_ptr<ResultWriter> make_table_writer(Screen& screen, const Terminal& terminal);

}  // namespace optiinfra::cli
