/// The notifications that systemd expects from a service of Type=notify.
#pragma once

#include <string>

namespace optiinfra::cli {

/// Sends `state`, such as "READY=1", to the socket that NOTIFY_SOCKET names; does nothing where none is
/// named or nobody listens. Threads: any.
void tell_service_manager(const std::string& state);

}  // namespace optiinfra::cli
