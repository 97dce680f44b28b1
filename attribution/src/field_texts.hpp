/// Reads fields that people state as texts: in files, in bodies of requests.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "optiinfra/core/nearest.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::attribution {

/// Nothing for an empty text. Errors: kInvalidArgument, naming `key`.
inline Result<std::optional<double>> maybe_number_of(const std::string& text, std::string_view key) {
  if (text.empty()) return std::optional<double>{};
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc{} && end == text.data() + text.size()) return std::optional(number);
  return invalid_argument(std::string(key) + ": '" + shown(text) + "' is not a number");
}

inline Result<double> number_of(const std::string& text, std::string_view key) {
  OPTIINFRA_TRY(const auto number, maybe_number_of(text, key));
  if (number) return *number;
  return invalid_argument(std::string(key) + " is missing");
}

/// The epoch for an empty text.
inline Result<sys_seconds> time_of(const std::string& text, std::string_view key) {
  if (text.empty()) return sys_seconds{};
  auto time = parse_time(text);
  if (!time) return with_context(std::move(time).error(), key);
  return *time;
}

}  // namespace optiinfra::attribution
