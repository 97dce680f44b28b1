/// The engine's users and their rights, as the XML that it reads at its start.
#pragma once

#include <cstdint>
#include <string>

#include "optiinfra/transport/serve.hpp"

namespace optiinfra::embedded {

/// Who may log in to a server, how, and what for. Holds hashes of the passwords, never a password.
/// Users' inserts leave `insert_floor_bytes` of the disk.
std::string users_configuration(const ServeOptions& options, std::uint64_t insert_floor_bytes = 0);

/// The one user of an engine that serves only this process: the store's owner, whose statements reach no
/// other host and no program. What a user of a server left in the store runs with these rights.
std::string own_user_configuration();

}  // namespace optiinfra::embedded
