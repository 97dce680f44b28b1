#include "shell/outline.hpp"

#include <sstream>

namespace optiinfra::cli {
namespace {

/// What can stand there: "hour|day|week". UUID|NAME says what a value is, and lists none.
std::vector<std::string> choices_of(const std::string& type) {
  std::vector<std::string> choices;
  const bool is_description = !type.empty() && type.front() >= 'A' && type.front() <= 'Z';
  if (is_description || type.find('|') == std::string::npos) return choices;
  std::istringstream text(type);
  for (std::string choice; std::getline(text, choice, '|');) choices.push_back(choice);
  return choices;
}

FlagOutline outline_of(const CLI::Option& option) {
  FlagOutline flag;
  flag.is_positional = option.get_positional();
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  if (flag.is_positional) flag.names = {option.get_name(true)};
  if (option.get_expected_max() > 0) flag.type = option.get_type_name();
  flag.choices = choices_of(flag.type);
  flag.meaning = option.get_description();
  flag.default_text = option.get_default_str();
  flag.group = option.get_group();
  flag.is_required = option.get_required();
  return flag;
}

CommandOutline outline_below(const CLI::App& app, const std::string& path) {
  CommandOutline outline{.path = path,
                         .name = app.get_name(),
                         .meaning = app.get_description(),
                         .footer = app.get_footer(),
                         .flags = {},
                         .commands = {}};
  for (const CLI::Option* option : app.get_options()) outline.flags.push_back(outline_of(*option));
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const bool is_hidden = command->get_group().empty();
    if (!is_hidden)
      outline.commands.push_back(
          outline_below(*command, path.empty() ? command->get_name() : path + " " + command->get_name()));
  }
  return outline;
}

void collect(const CommandOutline& outline, std::vector<const CommandOutline*>& all) {
  all.push_back(&outline);
  for (const CommandOutline& command : outline.commands) collect(command, all);
}

}  // namespace

CommandOutline outline_of(const CLI::App& app) { return outline_below(app, {}); }

std::vector<const CommandOutline*> flattened(const CommandOutline& outline) {
  std::vector<const CommandOutline*> all;
  collect(outline, all);
  return all;
}

}  // namespace optiinfra::cli
