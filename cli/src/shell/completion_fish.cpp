#include "shell/completion.hpp"
#include "shell/completion_words.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kFishFindCommand = R"sh(function __optiinfra_at
    set -l at
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case @COMMANDS@
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c optiinfra -f
)sh";

std::string find_command(const CommandOutline& program) {
  std::vector<std::string> paths;
  for (const CommandOutline* command : flattened(program))
    if (!command->path.empty()) paths.push_back("' " + command->path + "'");
  std::string text = kFishFindCommand;
  return text.replace(text.find("@COMMANDS@"), 10, joined(paths, " "));
}

/// `complete` for where the command line has named `command` and no more.
std::string complete_at(const CommandOutline& command) {
  const std::string at = command.path.empty() ? "" : " " + command.path;
  return "complete -c optiinfra -n \"__optiinfra_at '" + at + "'\"";
}

std::string names_of(const FlagOutline& flag) {
  std::string text;
  for (const std::string& name : flag.names)
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return text;
}

std::string value_of(const FlagOutline& flag) {
  if (!flag.choices.empty()) return " -x -a " + shell_quoted(joined(flag.choices, " "));
  if (flag.type.empty()) return {};
  return takes_files(flag) ? " -r -F" : " -x";
}

std::string flag_line(const std::string& complete, const FlagOutline& flag) {
  return complete + names_of(flag) + value_of(flag) + " -d " + shell_quoted(first_sentence(flag.meaning)) +
         "\n";
}

std::string command_lines(const CommandOutline& command) {
  const std::string complete = complete_at(command);
  std::string text;
  if (takes_files(command)) text += complete + " -F\n";
  for (const CommandOutline& next : command.commands)
    text += complete + " -a " + next.name + " -d " + shell_quoted(first_sentence(next.meaning)) + "\n";
  if (const auto choices = argument_choices(command); !choices.empty())
    text += complete + " -a " + shell_quoted(joined(choices, " ")) + "\n";
  for (const FlagOutline& flag : command.flags)
    if (!flag.is_positional && !is_global(flag)) text += flag_line(complete, flag);
  return text;
}

}  // namespace

std::string fish_completion(const CommandOutline& program) {
  std::string text = std::string(kGenerated) + find_command(program);
  for (const CommandOutline* command : flattened(program)) text += command_lines(*command);
  for (const FlagOutline& flag : program.flags)
    if (is_global(flag)) text += flag_line("complete -c optiinfra", flag);
  return text;
}

}  // namespace optiinfra::cli
