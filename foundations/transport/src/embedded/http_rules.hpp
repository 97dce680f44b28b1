/// Rules for the HTTP requests that the engine answers.
#pragma once

#include <string>

#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// <http_handlers>: statements at /, /ping and /replicas_status, for clients that name this server as their
/// host. What a web page of another origin sends is refused.
std::string http_rules(const ServeOptions& options);

}  // namespace optiinfra::embedded
