/// @file optiinfra/url.hpp
/// URLs of stores. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/transport/url.hpp"  // IWYU pragma: export
