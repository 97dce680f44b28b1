/// Asks a person before something is removed.
#pragma once

#include <string>

#include "context.hpp"

namespace optiinfra::cli {

/// Succeeds when the person at the terminal agrees to `sentence`, "this removes 3 days of cost". Errors:
/// kInvalidArgument, which says that nothing was changed, when they do not; and when nobody can answer, with
/// the flags to use instead: --yes, or --dry-run "to see `what_is_shown`".
Result<void> confirm(const Context& context, const std::string& sentence, const std::string& what_is_shown);

}  // namespace optiinfra::cli
