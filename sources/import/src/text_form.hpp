/// Finds the form of a text file from its first bytes.
#pragma once

#include <string_view>

#include "format.hpp"
#include "optiinfra/transport/session.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// What a zip archive begins with.
inline constexpr std::string_view kZipStart = "PK\x03\x04";

/// Completes `format` by the file's content: whether JSON has one value on each line, and what stands between
/// the fields of a CSV. A file in UTF-16, or in the encoding that the format states, is replaced by a copy in
/// UTF-8, which has no name and lies in the folder for temporary files. Typed formats are left as they are.
/// Errors: kInvalidArgument for a file that is compressed in another way than its name says, for a zip
/// archive under another name, for UTF-16 that is cut off, and for UTF-32; kStorage when the copy cannot be
/// written.
Result<void> settle_text_form(Session& session, SourceFile& file, FileFormat& format);

/// What stands between the fields of a CSV that begins so: of comma, semicolon and tab the one that gives its
/// header most fields, where the line below has no fewer; a comma where none does.
char csv_delimiter(std::string_view head);

}  // namespace optiinfra
