/// The commands about attributed cost, one file each.
#pragma once

#include <CLI/App.hpp>

#include "context.hpp"

namespace optiinfra::cli {

/// Each adds its command to `parent`. When the command line names it, `action` becomes what to run.
/// @{
void define_attribute(CLI::App& parent, Action& action);
void define_budget(CLI::App& parent, Action& action);
void define_objective(CLI::App& parent, Action& action);
void define_price(CLI::App& parent, Action& action);
void define_rate(CLI::App& parent, Action& action);
void define_report(CLI::App& parent, Action& action);
void define_computed_questions(CLI::App& parent, Action& action);  ///< Below `query`.
/// @}

}  // namespace optiinfra::cli
