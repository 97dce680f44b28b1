// The files of forms/, which lie in the library.
#pragma once

#include <span>
#include <string_view>

namespace optiinfra::tail {

struct BuiltinForm {
  std::string_view name;
  std::string_view toml;
};

std::span<const BuiltinForm> builtin_forms();

}  // namespace optiinfra::tail
