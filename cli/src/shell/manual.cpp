#include <sstream>

#include "shell/completion.hpp"

namespace optiinfra::cli {
namespace {

/// `text` for troff: no backslash, no hyphen that becomes a dash, no line that looks like a request.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\\')
      result += "\\e";
    else if (letter == '-')
      result += "\\-";
    else
      result += letter;
  }
  return result.starts_with('.') || result.starts_with('\'') ? "\\&" + result : result;
}

std::string preformatted(const std::string& text) {
  std::string result = ".nf\n";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) result += escaped(line) + "\n";
  return result + ".fi\n";
}

std::string flag_heading(const FlagOutline& flag) {
  std::string text;
  for (const std::string& name : flag.names)
    text += (text.empty() ? "\\fB" : ", \\fB") + escaped(name) + "\\fR";
  if (!flag.type.empty()) text += " \\fI" + escaped(flag.type) + "\\fR";
  return text;
}

std::string flag_entry(const FlagOutline& flag) {
  std::string meaning = flag.meaning;
  if (!flag.default_text.empty()) meaning += "; default " + flag.default_text;
  if (flag.is_required) meaning += " (required)";
  return ".TP\n" + flag_heading(flag) + "\n" + escaped(meaning) + (meaning.ends_with('.') ? "\n" : ".\n");
}

std::string flag_synopsis(const FlagOutline& flag) {
  const std::string name = flag.is_positional ? "" : "\\fB" + escaped(flag.names.back()) + "\\fR";
  const std::string value = flag.type.empty() ? "" : "\\fI" + escaped(flag.type) + "\\fR";
  const std::string both = name + (name.empty() || value.empty() ? "" : " ") + value;
  return flag.is_required ? both : "[" + both + "]";
}

bool is_help(const FlagOutline& flag) { return flag.names.back() == "--help"; }

std::string command_section(const CommandOutline& command) {
  std::string text =
      ".SS \"optiinfra " + escaped(command.path) + "\"\n\\fBoptiinfra " + escaped(command.path) + "\\fR";
  for (const FlagOutline& flag : command.flags)
    if (!is_help(flag)) text += " " + flag_synopsis(flag);
  text += "\n.PP\n" + escaped(command.meaning) + ".\n";
  for (const FlagOutline& flag : command.flags)
    if (!is_help(flag)) text += flag_entry(flag);
  if (!command.footer.empty()) text += ".PP\n" + preformatted(command.footer);
  return text;
}

}  // namespace

std::string manual_page(const CommandOutline& program, const std::string& version) {
  std::string text =
      ".\\\" Made by 'optiinfra man'; a test keeps it equal to the program. Do not edit.\n"
      ".TH OPTIINFRA 1 \"\" \"optiinfra " +
      version +
      "\" \"User Commands\"\n"
      ".SH NAME\noptiinfra \\- the metrics store for teams that serve LLMs\n"
      ".SH SYNOPSIS\n\\fBoptiinfra\\fR [\\fIglobal flags\\fR] \\fIcommand\\fR [\\fIflags\\fR]\n"
      ".SH DESCRIPTION\n" +
      escaped(program.meaning) +
      "\n"
      ".SH GLOBAL FLAGS\n";
  for (const FlagOutline& flag : program.flags) text += flag_entry(flag);
  text += ".SH COMMANDS\n";
  for (const CommandOutline* command : flattened(program))
    if (command->commands.empty()) text += command_section(*command);
  return text + ".SH NOTES\n" + preformatted(program.footer);
}

}  // namespace optiinfra::cli
