/// Parses numbers in decimal text exactly: to whole numbers without wrapping or rounding, or to the nearest
/// float.
#pragma once

#include <cstdint>
#include <string_view>

namespace optiinfra::rows {

/// In all: `text` is a number by JSON's grammar. False where the type does not hold the number.

/// A whole number of 0 to `max`; 12.0 and 1.2e1 are whole.
bool read_whole(std::string_view text, std::uint32_t max, std::uint32_t& into) noexcept;

/// The nearest double, which is 0 for a number too small for it; as a float narrowed from it, which is how
/// the engine and most programs that write JSON have it.
bool read_float(std::string_view text, float& into) noexcept;
bool read_float(std::string_view text, double& into) noexcept;

}  // namespace optiinfra::rows
