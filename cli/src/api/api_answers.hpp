/// What several commands do with an API.
#pragma once

#include <string>
#include <vector>

#include "context.hpp"
#include "flags.hpp"
#include "optiinfra/api/api_store.hpp"

namespace optiinfra::cli {

/// Asks a question or a list, and prints the answer as if the store were here.
Result<ExitCode> answer_from_api(api::ApiStore& store, const std::string& path,
                                 std::vector<NamedValue> parameters, Context& context);

/// `hours`, or `from` and `to`.
void add_window_parameters(const WindowFlags& window, std::vector<NamedValue>& parameters);

/// `limit`: that of the flags or, when that is 0, the most that an API gives.
void add_limit_parameter(std::size_t limit, std::vector<NamedValue>& parameters);

}  // namespace optiinfra::cli
