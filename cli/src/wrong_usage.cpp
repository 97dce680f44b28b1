#include "wrong_usage.hpp"

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/core/nearest.hpp"
#include "shell/completion_words.hpp"
#include "shell/outline.hpp"

namespace optiinfra::cli {
namespace {

const CLI::App& parsed_command(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().back();
  return *at;
}

std::string did_you_mean(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  std::string text = "; did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + names[i];
  return text + "?";
}

std::string unknown_flag(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known;
  const CommandOutline program = outline_of(app), command = outline_of(parsed_command(app));
  for (const FlagOutline& flag : all_flags(program, command))
    known.insert(known.end(), flag.names.begin(), flag.names.end());
  for (const FlagOutline& flag : program.flags)
    if (is_global(flag)) known.insert(known.end(), flag.names.begin(), flag.names.end());
  return "unknown flag '" + name + "'" + did_you_mean(nearest_names(name, known));
}

}  // namespace

std::string command_words(const CLI::App& app) {
  std::string words = app.get_name();
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().back();
    words += " " + at->get_name();
  }
  return words;
}

std::string unknown_command(const CLI::App& parent, const std::string& word) {
  const CommandOutline outline = outline_of(parent);
  std::vector<std::string> known, near;
  for (const CommandOutline& command : outline.commands) known.push_back(command.name);
  near = nearest_names(word, known);
  if (near.empty()) {
    for (const CommandOutline* command : flattened(outline))
      if (command->name == word) near.push_back(command->path);
  }
  return "unknown command '" + word + "'" + did_you_mean(near);
}

std::string reason_of(const CLI::App& app, const CLI::ParseError& error) {
  const bool may_be_a_wrong_word = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr ||
                                   dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const auto words = app.remaining(true);
  if (!may_be_a_wrong_word || words.empty()) return error.what();
  const CLI::App& command = parsed_command(app);
  const bool has_commands = !outline_of(command).commands.empty();
  const std::string& word = words.front();
  if (word.starts_with("-") && word.size() > 1) return unknown_flag(app, word);
  return has_commands ? unknown_command(command, word) : "unexpected word '" + word + "'";
}

}  // namespace optiinfra::cli
