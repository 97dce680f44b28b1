/// The command line as plain data, read off its definition: what completion and the manual page show.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace optiinfra::cli {

struct FlagOutline {
  std::vector<std::string> names;    ///< "-q", "--quiet"; for a positional argument its one name.
  std::string type;                  ///< "UUID"; empty for a flag without a value.
  std::vector<std::string> choices;  ///< The values of a type that lists them: "table|json|csv".
  std::string meaning;
  std::string default_text;  ///< Empty: none, or said in `meaning`.
  std::string group;
  bool is_positional = false;
  bool is_required = false;
};

struct CommandOutline {
  std::string path;  ///< "query cost-hourly"; empty for the program itself.
  std::string name;  ///< "cost-hourly"
  std::string meaning;
  std::string footer;
  std::vector<FlagOutline> flags;
  std::vector<CommandOutline> commands;  ///< Without hidden ones.
};

CommandOutline outline_of(const CLI::App& app);

/// `outline` and everything below it, in the order of definition.
std::vector<const CommandOutline*> flattened(const CommandOutline& outline);

}  // namespace optiinfra::cli
