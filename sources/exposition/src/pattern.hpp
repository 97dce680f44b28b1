// Patterns in the table of names: text in which * stands for any text.
#pragma once

#include <string_view>

namespace optiinfra::exposition {

bool matches_pattern(std::string_view text, std::string_view pattern);

}  // namespace optiinfra::exposition
