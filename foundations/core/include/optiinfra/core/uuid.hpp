/// @file optiinfra/core/uuid.hpp
/// A 128-bit identifier as RFC 9562 writes it.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra {

struct Uuid {
  std::uint64_t high = 0;  ///< The first 16 hexadecimal digits.
  std::uint64_t low = 0;   ///< The last 16.

  bool is_nil() const noexcept { return (high | low) == 0; }

  /// Orders as the hyphenated text does. (The engine sorts a UUID column by its second half first.)
  friend auto operator<=>(const Uuid&, const Uuid&) = default;

  /// Reads the 36-character hyphenated form, in either case.
  /// Errors: kInvalidArgument that quotes the text.
  static Result<Uuid> parse(std::string_view text);

  /// A random (version 4) identifier from the operating system's generator.
  static Uuid random();

  /// The version 5 identifier of `name` within `space`: the same for the same two, always.
  static Uuid of_name(const Uuid& space, std::string_view name);

  /// The 36-character hyphenated form in lower case.
  std::string to_string() const;
};

}  // namespace optiinfra

template <>
struct std::hash<optiinfra::Uuid> {
  std::size_t operator()(const optiinfra::Uuid& id) const noexcept {
    // Multiplying by an odd constant spreads sequential (version 7) identifiers as well as random ones.
    return static_cast<std::size_t>((id.high ^ (id.low >> 32 | id.low << 32)) * 0x9E3779B97F4A7C15ULL);
  }
};
