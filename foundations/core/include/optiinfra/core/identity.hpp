/// @file optiinfra/core/identity.hpp
/// The UUID of something that others identify by text, such as a customer by an API key's alias.
#pragma once

#include <string_view>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

/// The namespace of our version 5 UUIDs: e3a1c6a4-0b0f-4c38-9a53-2f6f7f5f8a10. It never changes: rows that
/// are stored refer to it.
inline constexpr Uuid kIdentityNamespace{0xe3a1c6a40b0f4c38, 0x9a532f6f7f5f8a10};

/// The UUID of the `kind` ("customer", "service") that others call `text`: the same everywhere and at all
/// times, without any table. It is RFC 9562's version 5 of kIdentityNamespace and "<kind>:<text>", byte for
/// byte: letter case and spaces count. With Python: uuid.uuid5(uuid.UUID("e3a1c6a4-..."), "customer:acme").
Uuid identity_of(std::string_view kind, std::string_view text);

}  // namespace optiinfra
