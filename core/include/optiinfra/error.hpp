/// @file optiinfra/error.hpp
/// The one error type of the library, and the Result that carries it. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/core/error.hpp"  // IWYU pragma: export
