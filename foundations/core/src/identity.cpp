#include "optiinfra/core/identity.hpp"

#include <string>

namespace optiinfra {

Uuid identity_of(std::string_view kind, std::string_view text) {
  return Uuid::of_name(kIdentityNamespace, std::string(kind) + ":" + std::string(text));
}

}  // namespace optiinfra
