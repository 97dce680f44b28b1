/// Converts the engine's errors to our kinds. Every kind of transport uses it.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// An Error from the engine's text "Code: 60. DB::Exception: ... (UNKNOWN_TABLE)".
///
/// `applied` is what the place of the failure tells. It becomes kNo for an error that the engine finds
/// before it runs a statement: a name it does not know, a syntax error, a missing permission.
Error engine_error(std::string_view text, Applied applied);

/// What to do about a login that a server refuses with this code; empty for any other code.
std::string_view login_advice(int code);

/// Whether a call of the operating system on a file failed under the engine: a full disk, a bad block, no
/// more descriptors.
bool is_file_failure(const Error& error);

}  // namespace optiinfra
