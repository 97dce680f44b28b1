/// Whom the tests of the service keep apart.
#pragma once

#include "optiinfra/core/uuid.hpp"

namespace optiinfra::service {

inline constexpr Uuid kAda{1, 1}, kBob{2, 2};  ///< Customers.
inline constexpr Uuid kService{3, 3}, kBobsService{4, 4};

}  // namespace optiinfra::service
