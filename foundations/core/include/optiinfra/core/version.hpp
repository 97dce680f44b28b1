/// @file optiinfra/core/version.hpp
/// The version of the library.
#pragma once

#include <string_view>

namespace optiinfra {

/// Major, minor and patch, such as "0.1.0" (semver.org). data() ends with a NUL. Threads: any.
std::string_view version() noexcept;

}  // namespace optiinfra
