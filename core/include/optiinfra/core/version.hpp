/// @file optiinfra/core/version.hpp
/// Which release this is.
#pragma once

#include <string_view>

namespace optiinfra {

/// As in "0.1.0": major, minor and patch (semver.org). data() ends with a NUL. Threads: any.
std::string_view version() noexcept;

}  // namespace optiinfra
