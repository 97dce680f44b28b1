/// Formats that a server does not read.
#pragma once

#include "embedded/library.hpp"

namespace optiinfra::embedded {

/// Makes the engine refuse every ORC file before it reads a byte of it; call before it boots in order to
/// serve.
///
/// The engine (26.7) has no setting that switches a format off, and damaged ORC ends it: one body of 1 kB,
/// sent by a user, would stop the server. Both of its ORC readers ask the file's length first, through a
/// virtual function that each kind of file has: it is made to answer 0, and the readers say "File size
/// too small". Writing ORC goes on working.
///
/// Errors: kIncompatible when the library has not all of these classes as we know them.
Result<void> refuse_orc(const Library& library);

}  // namespace optiinfra::embedded
