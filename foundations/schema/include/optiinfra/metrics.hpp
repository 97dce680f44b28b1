/// @file optiinfra/metrics.hpp
/// The rows and batches of each family of metrics.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/schema/metrics.hpp"  // IWYU pragma: export
