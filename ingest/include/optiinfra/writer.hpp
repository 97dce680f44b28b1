/// @file optiinfra/writer.hpp
/// Many threads hand over metrics; one writer stores them, each row exactly once.
///
/// This header is for users of the library and keeps its path; headers in folders may move with the layers.
#pragma once

#include "optiinfra/ingest/writer.hpp"  // IWYU pragma: export
