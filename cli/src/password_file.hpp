/// Reads passwords from files, which keeps them out of command lines and environments.
#pragma once

#include <string>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::cli {

/// The first line of a file of at most 4 KiB. A file that others than its owner and group may read is
/// remarked on, on standard error. Errors name the file, never what it holds.
Result<std::string> read_password_file(const std::string& path);

/// `store` with the password from the file that OPTIINFRA_PASSWORD_FILE names, where a server's URL holds
/// none: every program of this machine can read a command line.
Result<StoreUrl> with_password(StoreUrl store);

}  // namespace optiinfra::cli
