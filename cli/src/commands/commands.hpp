/// Every command of the program, one file each.
#pragma once

#include <CLI/App.hpp>

#include "context.hpp"

namespace optiinfra::cli {

/// Each adds its command to `parent`. When the command line names it, `action` becomes what to run.
/// @{
void define_init(CLI::App& parent, Action& action);
void define_verify(CLI::App& parent, Action& action);
void define_doctor(CLI::App& parent, Action& action);
void define_ping(CLI::App& parent, Action& action);
void define_import(CLI::App& parent, Action& action);
void define_imports(CLI::App& parent, Action& action);
void define_generate(CLI::App& parent, Action& action);
void define_grafana(CLI::App& parent, Action& action);
void define_copy(CLI::App& parent, Action& action);
void define_collect(CLI::App& parent, Action& action);
void define_tail(CLI::App& parent, Action& action);
void define_agent(CLI::App& parent, Action& action);
void define_collect_host(CLI::App& parent, Action& action);
void define_collect_scrape(CLI::App& parent, Action& action);
void define_explain_metrics(CLI::App& parent, Action& action);
void define_query(CLI::App& parent, Action& action);
void define_lists(CLI::App& parent, Action& action);
void define_names(CLI::App& parent, Action& action);
void define_forget(CLI::App& parent, Action& action);
void define_backup(CLI::App& parent, Action& action);
void define_restore(CLI::App& parent, Action& action);
void define_retention(CLI::App& parent, Action& action);
void define_server(CLI::App& parent, Action& action);
void define_token(CLI::App& parent, Action& action);
void define_bench(CLI::App& parent, Action& action);
void define_sql(CLI::App& parent, Action& action);
void define_version(CLI::App& parent, Action& action);
/// @}

/// The commands below `query`: one for each question of the catalogue, and the general one.
/// @{
void define_named_questions(CLI::App& parent, Action& action);
void define_metrics(CLI::App& parent, Action& action);
/// @}

/// What `query --list` prints.
Result<ExitCode> list_questions(Context& context);

/// Hidden: they print what is committed under cli/completions and cli/man.
/// @{
void define_completion(CLI::App& root, Action& action);
void define_man(CLI::App& root, Action& action);
/// @}

}  // namespace optiinfra::cli
