/// The connections that this process has accepted.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace optiinfra::embedded {

/// Ends every connection to one of these ports of ours: a thread that reads from it sees its end. The sockets
/// stay open for the threads that hold them, and ports continue to listen.
void end_connections(std::initializer_list<std::uint16_t> ports);

/// Whether this process accepts connections to its `port`.
bool listens_on(std::uint16_t port);

}  // namespace optiinfra::embedded
