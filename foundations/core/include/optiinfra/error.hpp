/// @file optiinfra/error.hpp
/// The one error type of the library, and the Result that carries it.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/core/error.hpp"  // IWYU pragma: export
