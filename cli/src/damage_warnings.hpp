/// Warnings on standard error about a damaged store, printed with --quiet too. Where answers are
/// JSON, each warning is an object on a line of its own.
#pragma once

#include "context.hpp"

namespace optiinfra::cli {

/// What was repaired when this process opened its embedded store, each once.
void warn_of_repairs(const Context& context);

/// The same, and in one line which parts of the session's store are set aside.
void warn_of_damage(const Context& context, Session& session);

}  // namespace optiinfra::cli
