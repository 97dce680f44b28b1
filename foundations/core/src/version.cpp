#include "optiinfra/core/version.hpp"

namespace optiinfra {

std::string_view version() noexcept { return OPTIINFRA_VERSION; }

}  // namespace optiinfra
