#include "shell/completion_words.hpp"

#include <algorithm>

namespace optiinfra::cli {
namespace {

void insert_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

FlagValues flag_values(const CommandOutline& program) {
  FlagValues values;
  for (const CommandOutline* command : flattened(program)) {
    for (const FlagOutline& flag : command->flags) {
      if (flag.is_positional || flag.type.empty()) continue;
      const std::string names = joined(flag.names, "|");
      if (!flag.choices.empty())
        values.choices[names] = flag.choices;
      else
        insert_once(takes_files(flag) ? values.files : values.free, names);
    }
  }
  return values;
}

bool is_global(const FlagOutline& flag) { return flag.group.starts_with("Global"); }

bool takes_files(const FlagOutline& flag) { return flag.type.starts_with("FILE") || flag.type == "DIR"; }

bool takes_files(const CommandOutline& command) {
  return std::any_of(command.flags.begin(), command.flags.end(),
                     [](const FlagOutline& flag) { return flag.is_positional && takes_files(flag); });
}

std::vector<std::string> argument_choices(const CommandOutline& command) {
  std::vector<std::string> choices;
  for (const FlagOutline& flag : command.flags)
    if (flag.is_positional) choices.insert(choices.end(), flag.choices.begin(), flag.choices.end());
  return choices;
}

std::vector<FlagOutline> all_flags(const CommandOutline& program, const CommandOutline& command) {
  std::vector<FlagOutline> flags;
  for (const FlagOutline& flag : command.flags)
    if (!flag.is_positional) flags.push_back(flag);
  if (&command == &program) return flags;
  for (const FlagOutline& flag : program.flags)
    if (is_global(flag)) flags.push_back(flag);
  return flags;
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string text;
  for (const std::string& each : texts) text += (text.empty() ? "" : between) + each;
  return text;
}

std::string first_sentence(const std::string& meaning) {
  return meaning.substr(0, meaning.find_first_of(".;\n"));
}

std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'')
      quoted += "'\\''";
    else
      quoted += letter;
  }
  return quoted + "'";
}

std::string branch(const std::string& pattern, const std::string& commands) {
  return pattern.empty() ? std::string{} : "    " + pattern + ") " + commands + " ;;\n";
}

std::string with_commands(std::string script, const CommandOutline& program) {
  std::vector<std::string> paths;
  for (const CommandOutline* command : flattened(program))
    if (!command->path.empty()) paths.push_back("\"" + command->path + "\"");
  return script.replace(script.find("@COMMANDS@"), 10, joined(paths, "|"));
}

}  // namespace optiinfra::cli
