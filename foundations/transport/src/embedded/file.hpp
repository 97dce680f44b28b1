/// Small files, written so that a kill or a power loss leaves the old or the new one whole.
#pragma once

#include <filesystem>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// kStorage: "<doing> <path>: <what the system says of errno `code`>".
Error storage_error(const std::filesystem::path& path, std::string_view doing, int code);

/// Makes the bytes of a file permanent that others write. One that is gone meanwhile needs nothing.
Result<void> sync_file(const std::filesystem::path& path);

/// Makes the names in `folder` permanent.
Result<void> sync_folder(const std::filesystem::path& folder);

/// Writes `text` to `spare`, makes it permanent and renames it to `path`, which may exist. Both must
/// lie on one disk. Mode 0600. Errors: kStorage; `path` is as it was, but its name may not be permanent.
Result<void> replace_file(const std::filesystem::path& path, std::string_view text,
                          const std::filesystem::path& spare);

}  // namespace optiinfra::embedded
