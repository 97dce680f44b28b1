/// Numbers, sizes and lengths of time as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace optiinfra::cli {

/// `1,234,567`.
std::string format_count(std::uint64_t count);

/// `1,234.50`, with `decimals` digits after the point; "-" for NaN.
std::string format_decimal(double value, int decimals);

/// `512 B`, `1.5 KiB`, `23.4 MiB`.
std::string format_bytes(std::uint64_t bytes);

/// `1.21 M/s`: a rate per second, short enough for a progress line.
std::string format_rate(double per_second);

/// `3.4 ms`, `12 s`, `3 min 05 s`, `2 h 10 min`.
std::string format_span(std::chrono::duration<double> span);

/// Columns that UTF-8 `text` takes on a terminal, one for each code point.
std::size_t display_width(const std::string& text);

}  // namespace optiinfra::cli
