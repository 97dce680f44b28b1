/// @file optiinfra/core/utf8.hpp
/// Text in UTF-8, as the standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string>
#include <string_view>

namespace optiinfra {

bool is_utf8(std::string_view text) noexcept;

/// `letter` is a code point that UTF-8 can hold.
void append_utf8(char32_t letter, std::string& text);

}  // namespace optiinfra
