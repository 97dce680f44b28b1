/// Explains a wrong command line, and suggests what may have been meant.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace optiinfra::cli {

/// The words of the command that was being parsed: "optiinfra query cost-hourly".
std::string command_words(const CLI::App& app);

/// In one line. A word that is no command, and a flag that the command does not have, are named rather than
/// what is missing because of them.
std::string reason_of(const CLI::App& app, const CLI::ParseError& error);

/// "unknown command 'x'", with those of `parent`, or below it, that are near.
std::string unknown_command(const CLI::App& parent, const std::string& word);

}  // namespace optiinfra::cli
