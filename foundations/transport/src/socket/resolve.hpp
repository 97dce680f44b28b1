/// From a host's name to its addresses, within a deadline.
#pragma once

#include <sys/socket.h>

#include <vector>

#include "optiinfra/transport/url.hpp"
#include "socket/deadline.hpp"

namespace optiinfra::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Addresses of one host that are tried; more are left out.
inline constexpr std::size_t kAddressesMax = 16;

/// Look-ups of this process that may be under way at once, abandoned ones included.
inline constexpr int kLookupsMax = 32;

/// The addresses of `endpoint`, in the system's order of preference; at least one.
///
/// The system's resolver cannot be interrupted, so a name is looked up in a thread of its own, which is left
/// behind when the deadline passes first and ends with the resolver's own timeout. Numeric addresses need
/// none.
/// Errors: kUnavailable for a name that is not known or too many look-ups that hang, kTimeout.
Result<std::vector<Address>> resolve(const Endpoint& endpoint, Deadline deadline);

}  // namespace optiinfra::net
