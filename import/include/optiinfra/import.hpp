/// @file optiinfra/import.hpp
/// Files into a store. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/import/import.hpp"  // IWYU pragma: export
