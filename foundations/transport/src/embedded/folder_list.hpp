/// Lists the folders of the engine's tables, and moves files out of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// What lies in `folder`, by name. Errors: kStorage.
Result<std::vector<std::string>> names_in(const std::filesystem::path& folder);

/// "store/36b/36b5...", below `engine_path`, of every table and database, by name.
Result<std::vector<std::filesystem::path>> table_folders(const std::filesystem::path& engine_path);

/// Moves `path`, which is below `engine_path`, to the folder `set-aside` next to the engine's, under its
/// folder's and its own name and, where that is taken, a number. Gives the new path. Errors: kStorage.
Result<std::filesystem::path> set_aside(const std::filesystem::path& engine_path,
                                        const std::filesystem::path& path);

}  // namespace optiinfra::embedded
