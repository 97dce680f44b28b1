/// Finds statements in a store that would run by themselves and read files or connect to other hosts.
#pragma once

#include <filesystem>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Whether `sql` calls something that reads files, runs programs or asks other hosts: file(), url(), s3() and
/// their kin, as function, table function, engine or source. Text in quotes counts as no call.
bool reaches_out(std::string_view sql);

/// Looks through a closed store for tables, materialized views and mutations that reach out. The engine would
/// run them in the background of any process that opens the store: what a user of a server planted would run
/// with the rights of the owner. Plain views are left: they run only when someone asks them.
///
/// Errors: kIncompatible that names the object and how to remove it; kStorage where a file cannot be read.
Result<void> expect_nothing_planted(const std::filesystem::path& engine_path);

}  // namespace optiinfra::embedded
