/// Renders errors as answers: application/problem+json (RFC 9457).
#pragma once

#include <string>

#include "http/message.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::service {

/// `retry_after_s` 0: the request is wrong, or nobody knows when to send it again.
Response problem(int status, const std::string& detail, int retry_after_s = 0);

/// The status says what the caller can do; "kind" and "server_code" are those of the command line's errors.
Response problem_of(const Error& error);

}  // namespace optiinfra::service
