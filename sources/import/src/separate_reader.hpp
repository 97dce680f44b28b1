/// Reads files in a process of their own when the engine's reader can end the process that runs it.
#pragma once

#include <chrono>
#include <filesystem>

#include "format.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// A copy of `file` in Native, made by `program` (see ImportOptions::reader_program). The copy has no name
/// and lies in the folder for temporary files ($TMPDIR). `patience` is how long the program may write
/// nothing: some damaged files keep the reader busy forever.
///
/// Errors: kInvalidArgument for a file that cannot be read, also when its reader crashes or is out of
/// patience.
Result<SourceFile> read_by(const std::filesystem::path& program, const SourceFile& file,
                           const FileFormat& format,
                           std::chrono::milliseconds patience = std::chrono::minutes(1));

}  // namespace optiinfra
