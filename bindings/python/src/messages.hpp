/// What the library tells while it works, on its way to Python's logging.
#pragma once

#include "python.hpp"
//
#include "optiinfra/core/log.hpp"

namespace optiinfra::python {

/// Keeps messages of any thread until next_messages() gives them to Python; without the GIL.
LogSink keep_messages();

}  // namespace optiinfra::python
