/// The maps that ship with the library.
#pragma once

#include <span>
#include <string_view>

namespace optiinfra {

struct BuiltinMapText {
  std::string_view name;
  std::string_view toml;
};

std::span<const BuiltinMapText> builtin_map_texts();

}  // namespace optiinfra
