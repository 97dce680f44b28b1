/// The program: from its arguments to its exit code.
#pragma once

#include <CLI/App.hpp>
#include <memory>

#include "context.hpp"

namespace optiinfra::cli {

/// The whole command line as a definition, for parsing, help, completion and the manual page.
/// `context` and `action` must outlive it.
std::unique_ptr<CLI::App> define_application(Context& context, Action& action);

/// Parses, runs and reports. Whatever was opened is closed when it returns.
int run_application(int argc, const char* const* argv);

}  // namespace optiinfra::cli
