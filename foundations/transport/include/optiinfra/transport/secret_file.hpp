/// @file optiinfra/transport/secret_file.hpp
/// Reads passwords and tokens from files, which keeps them out of command lines, URLs and environments.
#pragma once

#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

struct Secret {
  std::string text;
  bool is_open_to_all = false;  ///< Everyone on this machine can read the file.
};

/// The first line of a file of at most 4 KiB. Errors: kStorage, which name the file as "the `what` file" and
/// never what it holds.
Result<Secret> read_secret_file(const std::string& path, const std::string& what);

}  // namespace optiinfra
