// Values of metrics as columns take them.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "optiinfra/schema/column.hpp"

namespace optiinfra::exposition {

/// Cut to what a column holds, between two letters.
inline std::string fitting_text(std::string_view text) {
  std::size_t size = std::min(text.size(), kTextBytesMax);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size));
}

inline std::optional<double> non_negative(std::optional<double> value) {
  return value && *value >= 0 ? value : std::nullopt;
}

/// A share that lies a little over 1 by rounding is all of it.
inline std::optional<double> percentage(std::optional<double> value) {
  if (!value || *value < 0) return std::nullopt;
  return std::min(*value, 100.0);
}

inline std::optional<float> as_float(std::optional<double> value) {
  if (!value || !std::isfinite(static_cast<float>(*value))) return std::nullopt;
  return static_cast<float>(*value);
}

/// Absent where 32 bits do not hold it.
inline std::optional<std::uint32_t> as_count(std::optional<double> value) {
  if (!value || *value < 0 || *value > 4294967295.0) return std::nullopt;
  return static_cast<std::uint32_t>(std::llround(*value));
}

}  // namespace optiinfra::exposition
