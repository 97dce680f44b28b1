/// Shell completion and the manual page, made from the definition of the command line.
#pragma once

#include <string>

#include "shell/outline.hpp"

namespace optiinfra::cli {

std::string bash_completion(const CommandOutline& program);
std::string zsh_completion(const CommandOutline& program);
std::string fish_completion(const CommandOutline& program);

/// troff for man(1), section 1.
std::string manual_page(const CommandOutline& program, const std::string& version);

}  // namespace optiinfra::cli
