/// Finds statements in a store that would run by themselves and read files or connect to other hosts.
#pragma once

#include <filesystem>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Whether `sql` calls something that reads files, runs programs or asks other hosts: file(), url(), s3() and
/// their kin, as function, table function, engine or source. Text in quotes counts as no call.
bool reaches_out(std::string_view sql);

/// Searches a closed store for tables, materialized views and mutations that do so. The engine would run them
/// in the background of any process that opens the store, so SQL that a user of a server left there would run
/// with the rights of the owner. Plain views are not searched: they run only when someone queries them.
///
/// Errors: kIncompatible that names the object and how to remove it; kStorage when a file cannot be read.
Result<void> expect_nothing_planted(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
