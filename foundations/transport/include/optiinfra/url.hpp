/// @file optiinfra/url.hpp
/// URLs of stores.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/transport/url.hpp"  // IWYU pragma: export
