/// @file optiinfra/version.hpp
/// The version of the library.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/core/version.hpp"  // IWYU pragma: export
