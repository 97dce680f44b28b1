/// Replaces functions that libchdb imports from the C library by functions of ours.
#pragma once

#include <span>
#include <string_view>

#include "embedded/library.hpp"

namespace optiinfra::embedded {

/// One function of the C library, and what libchdb is to call in its place.
struct Replacement {
  std::string_view name;
  void* function;
};

/// Makes libchdb, and nothing else in the process, call the replacements: its table of imported addresses is
/// rewritten. Call before the engine boots. A name that libchdb does not import is passed over, unless none
/// of them is imported. Errors: kIncompatible when the library's tables are not laid out as expected.
Result<void> replace_imported_functions(const Library& library, std::span<const Replacement> replacements);

}  // namespace optiinfra::embedded
