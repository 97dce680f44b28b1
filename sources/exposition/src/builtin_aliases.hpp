// The files of aliases/, which lie in the library.
#pragma once

#include <span>
#include <string_view>

namespace optiinfra::exposition {

struct BuiltinAliasText {
  std::string_view name;
  std::string_view toml;
};

std::span<const BuiltinAliasText> builtin_alias_texts();

}  // namespace optiinfra::exposition
