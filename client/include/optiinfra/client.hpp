/// @file optiinfra/client.hpp
/// Insert metrics into a store and ask it questions. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/client/client.hpp"  // IWYU pragma: export
