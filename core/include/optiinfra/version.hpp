/// @file optiinfra/version.hpp
/// Which release this is. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/core/version.hpp"  // IWYU pragma: export
