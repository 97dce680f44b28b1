#include "output/completion.hpp"

#include <map>

namespace optiinfra::cli {
namespace {

/// Every command path, as alternatives of a shell's case: `"init"|"query"|"query cost-hourly"`.
std::string path_alternatives(const CommandOutline& program) {
  std::string text;
  for (const CommandOutline* command : flattened(program))
    if (!command->path.empty()) text += (text.empty() ? "\"" : "|\"") + command->path + "\"";
  return text;
}

/// The flags that `command` takes, the program's own included.
std::vector<const FlagOutline*> flags_of(const CommandOutline& program, const CommandOutline& command) {
  std::vector<const FlagOutline*> flags;
  for (const FlagOutline& flag : command.flags) flags.push_back(&flag);
  if (&command == &program) return flags;
  for (const FlagOutline& flag : program.flags)
    if (flag.group.starts_with("Global")) flags.push_back(&flag);
  return flags;
}

/// What may stand as the next word of `command`: commands, choices of arguments, flags.
std::string words_of(const CommandOutline& program, const CommandOutline& command) {
  std::string words;
  for (const CommandOutline& next : command.commands) words += next.name + " ";
  for (const FlagOutline* flag : flags_of(program, command)) {
    for (const std::string& word : flag->is_positional ? flag->choices : flag->names) words += word + " ";
  }
  if (!words.empty()) words.pop_back();
  return words;
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string text;
  for (const std::string& each : texts) text += (text.empty() ? "" : between) + each;
  return text;
}

/// Flags whose value is one of a list, each once: "--output" to "table json csv".
std::map<std::string, std::string> choices_by_flag(const CommandOutline& program) {
  std::map<std::string, std::string> choices;
  for (const CommandOutline* command : flattened(program))
    for (const FlagOutline& flag : command->flags)
      if (!flag.is_positional && !flag.choices.empty())
        choices[joined(flag.names, "|")] = joined(flag.choices, " ");
  return choices;
}

/// Flags that take a value that cannot be listed, so that no command is offered in its place.
std::string flags_with_free_value(const CommandOutline& program, bool files) {
  std::map<std::string, bool> names;
  for (const CommandOutline* command : flattened(program))
    for (const FlagOutline& flag : command->flags)
      if (!flag.is_positional && !flag.type.empty() && flag.choices.empty() &&
          flag.type.starts_with("FILE") == files)
        names[joined(flag.names, "|")] = true;
  std::string text;
  for (const auto& [name, unused] : names) text += (text.empty() ? "" : "|") + name;
  return text;
}

bool takes_files(const CommandOutline& command) {
  for (const FlagOutline& flag : command.flags)
    if (flag.is_positional && flag.type.starts_with("FILE")) return true;
  return false;
}

std::string first_sentence(const std::string& meaning) {
  return meaning.substr(0, meaning.find_first_of(".;\n"));
}

/// In single quotes for a shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char letter : text) result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return result + "'";
}

/// The part that bash and zsh have in common: which command the words before the cursor name.
std::string find_path(const CommandOutline& program, const std::string& word, const std::string& range) {
  return "  local path=\"\" word\n"
         "  for word in " +
         range +
         "; do\n"
         "    case \"${path:+$path }$word\" in\n"
         "      " +
         path_alternatives(program) +
         ") path=\"${path:+$path }$word\" ;;\n"
         "    esac\n"
         "  done\n" +
         word;
}

constexpr const char* kGenerated =
    "# Made by 'optiinfra completion'; a test keeps it equal to the program. Do not edit.\n";

}  // namespace

std::string bash_completion(const CommandOutline& program) {
  std::string text =
      std::string(kGenerated) +
      "_optiinfra() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  case \"$previous\" in\n";
  for (const auto& [flags, choices] : choices_by_flag(program))
    text += "    " + flags + ") COMPREPLY=($(compgen -W \"" + choices + "\" -- \"$current\")); return ;;\n";
  text += "    " + flags_with_free_value(program, true) +
          ") COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n";
  text += "    " + flags_with_free_value(program, false) + ") COMPREPLY=(); return ;;\n  esac\n";
  text += find_path(program, "  local words=\"\"\n", "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
  text += "  case \"$path\" in\n";
  for (const CommandOutline* command : flattened(program)) {
    text += "    \"" + command->path + "\") words=\"" + words_of(program, *command) + "\"";
    if (takes_files(*command))
      text +=
          "; [[ $current == -* ]] || { COMPREPLY=($(compgen -f -W \"$words\" -- \"$current\")); return; }";
    text += " ;;\n";
  }
  return text +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _optiinfra optiinfra\n";
}

std::string zsh_completion(const CommandOutline& program) {
  std::string text = "#compdef optiinfra\n" + std::string(kGenerated) +
                     "_optiinfra() {\n"
                     "  case \"${words[CURRENT-1]}\" in\n";
  for (const auto& [flags, choices] : choices_by_flag(program))
    text += "    " + flags + ") compadd -- " + choices + "; return ;;\n";
  text += "    " + flags_with_free_value(program, true) + ") _files; return ;;\n";
  text += "    " + flags_with_free_value(program, false) + ") _message 'a value'; return ;;\n  esac\n";
  text += find_path(program, "  local -a commands flags\n", "\"${(@)words[2,CURRENT-1]}\"");
  text += "  case \"$path\" in\n";
  for (const CommandOutline* command : flattened(program)) {
    text += "    \"" + command->path + "\")\n      commands=(";
    for (const CommandOutline& next : command->commands)
      text += " " + quoted(next.name + ":" + first_sentence(next.meaning));
    for (const FlagOutline& flag : command->flags)
      for (const std::string& choice : flag.is_positional ? flag.choices : std::vector<std::string>{})
        text += " " + quoted(choice);
    text += " )\n      flags=(";
    for (const FlagOutline* flag : flags_of(program, *command))
      if (!flag->is_positional)
        text += " " + quoted(flag->names.back() + ":" + first_sentence(flag->meaning));
    text += " )\n      ";
    if (takes_files(*command)) text += "_files; ";
    text += ";;\n";
  }
  // Inside a case a lone ";;" after the arrays is a complete branch.
  return text +
         "  esac\n"
         "  (( $#commands )) && _describe 'command' commands\n"
         "  _describe 'flag' flags\n"
         "}\n"
         "_optiinfra \"$@\"\n";
}

std::string fish_completion(const CommandOutline& program) {
  std::string text = std::string(kGenerated) +
                     "function __optiinfra_path\n"
                     "    set -l path\n"
                     "    for word in (commandline -opc)[2..-1]\n"
                     "        switch \"$path $word\"\n"
                     "            case";
  for (const CommandOutline* command : flattened(program))
    if (!command->path.empty()) text += " ' " + command->path + "'";
  text +=
      "\n                set path \"$path $word\"\n"
      "        end\n"
      "    end\n"
      "    test \"$path\" = \"$argv[1]\"\n"
      "end\n"
      "complete -c optiinfra -f\n";
  for (const CommandOutline* command : flattened(program)) {
    const std::string at = "complete -c optiinfra -n \"__optiinfra_path '" +
                           (command->path.empty() ? "" : " " + command->path) + "'\"";
    if (takes_files(*command)) text += at + " -F\n";
    for (const CommandOutline& next : command->commands)
      text += at + " -a " + next.name + " -d " + quoted(first_sentence(next.meaning)) + "\n";
    for (const FlagOutline& flag : command->flags) {
      if (flag.group.starts_with("Global")) continue;
      if (flag.is_positional && flag.choices.empty()) continue;
      text += at;
      for (const std::string& name : flag.names)
        if (!flag.is_positional)
          text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!flag.choices.empty())
        text += std::string(flag.is_positional ? "" : " -x") + " -a " + quoted(joined(flag.choices, " "));
      else if (!flag.type.empty())
        text += flag.type.starts_with("FILE") ? " -r -F" : " -x";
      text += " -d " + quoted(first_sentence(flag.meaning)) + "\n";
    }
  }
  for (const FlagOutline& flag : program.flags) {
    if (!flag.group.starts_with("Global")) continue;
    text += "complete -c optiinfra";
    for (const std::string& name : flag.names)
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!flag.choices.empty())
      text += " -x -a " + quoted(joined(flag.choices, " "));
    else if (!flag.type.empty())
      text += " -x";
    text += " -d " + quoted(first_sentence(flag.meaning)) + "\n";
  }
  return text;
}

}  // namespace optiinfra::cli
