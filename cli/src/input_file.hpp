/// A file that a flag names, read whole.
#pragma once

#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra::cli {

/// Larger files are refused.
inline constexpr std::size_t kInputFileBytesMax = std::size_t{64} << 20;

/// Errors: kStorage with the reason, kTooLarge.
Result<std::string> read_input_file(const std::string& path);

}  // namespace optiinfra::cli
