/// What a server's failures mean.
#pragma once

#include <string>

#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// What `reason`, the engine's own words, means to the one who started the server.
Error boot_error(const ServeOptions& options, const std::string& reason);

}  // namespace optiinfra::embedded
