/// @file optiinfra/metrics.hpp
/// The rows and batches of each family of metrics. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/schema/metrics.hpp"  // IWYU pragma: export
