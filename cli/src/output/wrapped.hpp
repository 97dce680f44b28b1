/// Wraps long lines between words.
#pragma once

#include <string>

namespace optiinfra::cli {

/// `help` as the command line's library writes it, with no line longer than `width` where a space allows it.
/// A flag's meaning goes on below its beginning. Lines that show a command to type stay whole.
std::string wrapped(const std::string& help, int width);

}  // namespace optiinfra::cli
