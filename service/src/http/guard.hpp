/// Refuses requests from web pages of another origin, and requests for names that were made to point at this
/// machine (DNS rebinding).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/message.hpp"

namespace optiinfra::service {

/// Whether `host`, a Host header's value, is an IP address, localhost, this machine's name or one of `names`.
bool is_own_host(std::string_view host, const std::vector<std::string>& names);

/// A refusal for a foreign Host, an Origin that is not this server's own, and a cross-site request of a
/// browser, unless it `may_be_cross_site`; nothing for others.
std::optional<Response> refuse_foreign(const Request& request, const std::vector<std::string>& names,
                                       bool may_be_cross_site = false);

}  // namespace optiinfra::service
