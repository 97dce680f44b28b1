/// @file optiinfra/import.hpp
/// Imports files into a store.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/import/import.hpp"  // IWYU pragma: export
