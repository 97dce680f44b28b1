/// The definition of each family in the list. Why these keys, types and codecs: docs/decisions/0004 to 0006.
#pragma once

#include "optiinfra/schema/tables.hpp"

namespace optiinfra {

#define BEGIN_FAMILY(Name, name) FamilyDefinition name##_family();
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
