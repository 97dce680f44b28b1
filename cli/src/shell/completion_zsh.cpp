#include "shell/completion.hpp"
#include "shell/completion_words.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kZshBegin = R"sh(_optiinfra() {
  case "${words[CURRENT-1]}" in
)sh";

constexpr const char* kZshFindCommand = R"sh(  esac
  local at="" word
  local -a choices flags
  for word in "${(@)words[2,CURRENT-1]}"; do
    case "${at:+$at }$word" in
      @COMMANDS@) at="${at:+$at }$word" ;;
    esac
  done
  case "$at" in
)sh";

constexpr const char* kZshEnd = R"sh(  esac
  (( $#choices )) && _describe 'command' choices
  _describe -o 'flag' flags
}
_optiinfra "$@"
)sh";

std::string zsh_value_branches(const CommandOutline& program) {
  const FlagValues values = flag_values(program);
  std::string text;
  for (const auto& [flags, choices] : values.choices)
    text += branch(flags, "compadd -- " + joined(choices, " ") + "; return");
  text += branch(joined(values.files, "|"), "_files; return");
  return text + branch(joined(values.free, "|"), "_message 'a value'; return");
}

std::string described(const std::string& name, const std::string& meaning) {
  return " " + shell_quoted(name + ":" + first_sentence(meaning));
}

std::string zsh_command_branch(const CommandOutline& program, const CommandOutline& command) {
  std::string text = "    \"" + command.path + "\")\n      choices=(";
  for (const CommandOutline& next : command.commands) text += described(next.name, next.meaning);
  for (const std::string& choice : argument_choices(command)) text += " " + shell_quoted(choice);
  text += " )\n      flags=(";
  for (const FlagOutline& flag : all_flags(program, command))
    text += described(flag.names.back(), flag.meaning);
  return text + " )\n" + (takes_files(command) ? "      _files\n" : "") + "      ;;\n";
}

}  // namespace

std::string zsh_completion(const CommandOutline& program) {
  std::string text = std::string("#compdef optiinfra\n") + kGenerated + kZshBegin +
                     zsh_value_branches(program) + with_commands(kZshFindCommand, program);
  for (const CommandOutline* command : flattened(program)) text += zsh_command_branch(program, *command);
  return text + kZshEnd;
}

}  // namespace optiinfra::cli
