/// What the three shells' completions have in common: the words that are possible at each place.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "shell/outline.hpp"

namespace optiinfra::cli {

inline constexpr const char* kGenerated =
    "# Made by 'optiinfra completion'; a test keeps it equal to the program. Do not edit.\n";

/// Flags of all commands by what their value is. Keys are alternatives for a shell's case: "-q|--quiet".
struct FlagValues {
  std::map<std::string, std::vector<std::string>> choices;  ///< "--output" to table, json, csv.
  std::vector<std::string> files;
  std::vector<std::string> free;  ///< Anything else: nothing can be offered.
};
FlagValues flag_values(const CommandOutline& program);

bool is_global(const FlagOutline& flag);
bool takes_files(const FlagOutline& flag);

/// Whether a positional argument of the command is a file.
bool takes_files(const CommandOutline& command);

/// The values of the command's positional arguments, where they can be listed.
std::vector<std::string> argument_choices(const CommandOutline& command);

/// The flags that the command takes, the program's own included.
std::vector<FlagOutline> all_flags(const CommandOutline& program, const CommandOutline& command);

std::string joined(const std::vector<std::string>& texts, const char* between);
std::string first_sentence(const std::string& meaning);

/// In single quotes, as all three shells read them.
std::string shell_quoted(const std::string& text);

/// One alternative of a bash or zsh case; nothing for an empty pattern.
std::string branch(const std::string& pattern, const std::string& commands);

/// `script` with every command's path, as alternatives of a case, in the place of @COMMANDS@.
std::string with_commands(std::string script, const CommandOutline& program);

}  // namespace optiinfra::cli
