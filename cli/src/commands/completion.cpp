#include "shell/completion.hpp"

#include "commands/commands.hpp"
#include "optiinfra/core/version.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kHidden = "";

std::string completion_for(const std::string& shell, const CLI::App& root) {
  const CommandOutline program = outline_of(root);
  return shell == "bash"  ? bash_completion(program)
         : shell == "zsh" ? zsh_completion(program)
                          : fish_completion(program);
}

Result<ExitCode> print(Context& context, const std::string& text) {
  OPTIINFRA_CHECK(context.screen.write(text));
  return ExitCode::kDone;
}

}  // namespace

void define_completion(CLI::App& root, Action& action) {
  CLI::App* const app = root.add_subcommand("completion", "Print completion for a shell")->group(kHidden);
  auto shell = std::make_shared<std::string>();
  app->add_option("shell", *shell, "Which shell")
      ->type_name("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  app->final_callback([&root, &action, shell] {
    action = [&root, shell](Context& context) { return print(context, completion_for(*shell, root)); };
  });
}

void define_man(CLI::App& root, Action& action) {
  root.add_subcommand("man", "Print the manual page")->group(kHidden)->final_callback([&root, &action] {
    action = [&root](Context& context) {
      return print(context, manual_page(outline_of(root), std::string(version())));
    };
  });
}

}  // namespace optiinfra::cli
