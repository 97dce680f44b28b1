#include "shell/completion.hpp"
#include "shell/completion_words.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kBashBegin = R"sh(_optiinfra() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
  case "$previous" in
)sh";

constexpr const char* kBashFindCommand = R"sh(  esac
  local at="" word words=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "${at:+$at }$word" in
      @COMMANDS@) at="${at:+$at }$word" ;;
    esac
  done
  case "$at" in
)sh";

constexpr const char* kBashEnd = R"sh(  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _optiinfra optiinfra
)sh";

constexpr const char* kOfferFiles = R"sh(compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")))sh";

std::string bash_value_branches(const CommandOutline& program) {
  const FlagValues values = flag_values(program);
  std::string text;
  for (const auto& [flags, choices] : values.choices)
    text +=
        branch(flags, "COMPREPLY=($(compgen -W \"" + joined(choices, " ") + "\" -- \"$current\")); return");
  text += branch(joined(values.files, "|"), std::string(kOfferFiles) + "; return");
  return text + branch(joined(values.free, "|"), "COMPREPLY=(); return");
}

std::string words_of(const CommandOutline& program, const CommandOutline& command) {
  std::vector<std::string> words;
  for (const CommandOutline& next : command.commands) words.push_back(next.name);
  for (const std::string& choice : argument_choices(command)) words.push_back(choice);
  for (const FlagOutline& flag : all_flags(program, command))
    words.insert(words.end(), flag.names.begin(), flag.names.end());
  return joined(words, " ");
}

std::string bash_command_branches(const CommandOutline& program) {
  std::string text;
  for (const CommandOutline* command : flattened(program)) {
    const std::string words = words_of(program, *command);
    // Words and files together: the first argument is a family, the others are files.
    const std::string files =
        takes_files(*command)
            ? "; compopt -o filenames; COMPREPLY=($(compgen -f -W \"$words\" -- \"$current\")); return"
            : "";
    text += branch("\"" + command->path + "\"", "words=\"" + words + "\"" + files);
  }
  return text;
}

}  // namespace

std::string bash_completion(const CommandOutline& program) {
  return std::string(kGenerated) + kBashBegin + bash_value_branches(program) +
         with_commands(kBashFindCommand, program) + bash_command_branches(program) + kBashEnd;
}

}  // namespace optiinfra::cli
