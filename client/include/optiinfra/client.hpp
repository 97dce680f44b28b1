/// @file optiinfra/client.hpp
/// Inserts metrics into a store and asks it questions.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/client/client.hpp"  // IWYU pragma: export
