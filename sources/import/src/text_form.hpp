/// Finds the form of a text file from its first bytes.
#pragma once

#include "format.hpp"
#include "optiinfra/transport/session.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// Completes `format` by the file's content: whether JSON has one value on each line. A file in UTF-16 is
/// replaced by a copy in UTF-8, which has no name and lies in the folder for temporary files. Typed formats
/// are left as they are. Errors: kInvalidArgument for a file that is compressed in another way than its name
/// says, for UTF-16 that is cut off, and for UTF-32; kStorage when the copy cannot be written.
Result<void> settle_text_form(Session& session, SourceFile& file, FileFormat& format);

}  // namespace optiinfra
