/// @file optiinfra/writer.hpp
/// Many threads hand metrics over; one writer stores them, each row exactly once. A header for users of the library, which
/// stays where it is; those in folders may move with the layers.
#pragma once

#include "optiinfra/ingest/writer.hpp"  // IWYU pragma: export
