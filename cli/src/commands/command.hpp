/// Defines one command: its flags, its help and the function that runs it.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "context.hpp"

namespace optiinfra::cli {

/// Adds command `name` to `parent`; its flags live in a Flags that `describe(app, flags)` fills, and
/// `run(flags, context)` does the work. `examples` close its help.
template <typename Flags, typename Describe, typename Run>
CLI::App* define_command(CLI::App& parent, Action& action, const std::string& name,
                         const std::string& meaning, const std::string& examples, Describe describe,
                         Run run) {
  auto flags = std::make_shared<Flags>();
  CLI::App* const app = parent.add_subcommand(name, meaning);
  describe(*app, *flags);
  app->footer("Examples:\n" + examples);
  app->final_callback(
      [flags, run, &action] { action = [flags, run](Context& context) { return run(*flags, context); }; });
  return app;
}

/// The same for functions, which every command names alike.
template <typename Flags>
CLI::App* define_command(CLI::App& parent, Action& action, const std::string& name,
                         const std::string& meaning, const std::string& examples,
                         void (*describe)(CLI::App&, Flags&),
                         Result<ExitCode> (*run)(const Flags&, Context&)) {
  return define_command<Flags, void (*)(CLI::App&, Flags&), Result<ExitCode> (*)(const Flags&, Context&)>(
      parent, action, name, meaning, examples, describe, run);
}

struct NoFlags {};
inline void describe_nothing(CLI::App&, NoFlags&) {}

}  // namespace optiinfra::cli
