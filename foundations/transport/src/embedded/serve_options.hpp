/// Checks the options of a server, and explains the failures of its start.
#pragma once

#include <string>

#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// The user as whom the server's own clients log in; nullptr for a server without users.
const ServedUser* first_admin(const ServeOptions& options);

/// Whether `name` is valid as the host of a URL.
bool is_host_name(const std::string& name);

/// Explains `reason`, the engine's message, to the person who started the server.
Error boot_error(const ServeOptions& options, const std::string& reason);

}  // namespace optiinfra::embedded
