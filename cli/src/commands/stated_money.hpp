/// What the commands `price`, `budget`, `objective` and `rate` share: rows that people state are set, listed
/// and removed in a store or through an API, which has the same rows under the same names.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

#include "context.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/report/records.hpp"

namespace optiinfra::cli {

/// `key` is "prices": the path of the API and the name of the rows in answers.
struct StatedCommand {
  const char* command;  ///< "price set".
  const char* key;
};

/// Sets `rows`. `set` does it in a store, and returns how many were new or changed.
Result<ExitCode> set_stated(const StatedCommand& of, const report::Records& rows,
                            const std::function<Result<std::size_t>(Client&)>& set, const std::string& note,
                            Context& context);

/// Lists what `read` finds in a store; `nothing` is said where there is none. `filters` keep the list to the
/// same in the API.
Result<ExitCode> list_stated(const StatedCommand& of, std::vector<NamedValue> filters,
                             const std::string& nothing,
                             const std::function<Result<report::Records>(Client&)>& read, Context& context);

/// Removes one; `parameters` name it in the API.
Result<ExitCode> remove_stated(const StatedCommand& of, std::vector<NamedValue> parameters,
                               const std::function<Result<void>(Client&)>& remove, Context& context);

/// "98.32".
Result<double> parse_number(const std::string& text);

/// --currency, three capital letters.
void add_currency(CLI::App& app, std::string& currency);

}  // namespace optiinfra::cli
