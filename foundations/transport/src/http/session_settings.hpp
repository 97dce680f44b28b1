/// SET and USE over an interface that has no sessions.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::http {

/// The settings of "SET a = 1, b = 'two'"; nullopt when `sql`, one statement without its end, is none.
///
/// The server forgets what a SET said with its answer, so the session sends these with every later
/// statement; a SET that cannot be kept so must not seem to have worked.
/// Errors: kInvalidArgument for SET ROLE and the like, for values that are no literal, and for USE, which
/// would be forgotten too.
Result<std::optional<std::vector<NamedValue>>> parse_set(std::string_view sql);

}  // namespace optiinfra::http
