// Values and timestamps of a metrics text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace optiinfra::exposition {

/// A decimal number, or NaN, Inf and Infinity in any case. No hexadecimal, no digit separators.
std::optional<double> parse_value(std::string_view text);

/// Whole milliseconds since 1970.
std::optional<std::int64_t> parse_milliseconds(std::string_view text);

/// Seconds since 1970 with a fraction, as milliseconds.
std::optional<std::int64_t> parse_seconds(std::string_view text);

/// Seconds as milliseconds; absent where they do not fit or are no number.
std::optional<std::int64_t> milliseconds_of(double seconds);

}  // namespace optiinfra::exposition
