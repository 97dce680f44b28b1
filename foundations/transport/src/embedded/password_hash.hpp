/// Hashes a password for the engine's list of users.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra::embedded {

/// SHA-256 of `password` in lower-case hexadecimal digits.
std::string password_hash(std::string_view password);

}  // namespace optiinfra::embedded
