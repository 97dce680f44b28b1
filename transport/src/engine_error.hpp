/// What the engine says when it refuses, sorted into our kinds. Serves every kind of transport.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// An Error from the engine's text "Code: 60. DB::Exception: ... (UNKNOWN_TABLE)".
Error engine_error(std::string_view text, Applied applied);

/// `value` as an SQL string literal.
std::string sql_literal(std::string_view value);

}  // namespace optiinfra
