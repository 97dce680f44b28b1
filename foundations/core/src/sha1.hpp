/// SHA-1 (RFC 3174), for identifiers that RFC 9562 derives from names. Not for anything that must resist an
/// attacker.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace optiinfra::detail {

/// The digest as five words, the most significant first.
std::array<std::uint32_t, 5> sha1(std::string_view bytes);

}  // namespace optiinfra::detail
