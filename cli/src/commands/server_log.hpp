/// What the API of a server writes to standard error, a line each.
#pragma once

#include "optiinfra/service/service.hpp"

namespace optiinfra::cli {

enum class ApiLog { kOff, kText, kJson };

Result<ApiLog> parse_api_log(const std::string& text);

/// Sets what `options` tell of requests and of the store, in the form of `log`.
void set_log(service::ServiceOptions& options, ApiLog log);

}  // namespace optiinfra::cli
