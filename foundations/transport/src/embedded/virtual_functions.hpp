/// Replaces entries in the virtual function tables of the engine's classes, when its C interface has no other
/// way.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "embedded/library.hpp"

namespace optiinfra::embedded {

/// An address in this process.
using Word = std::uintptr_t;

/// The error for a libchdb.so whose layout differs from the one that we know.
Error unknown_layout();

struct EngineClass {
  std::string_view name;        ///< As the compiler mangles it in its description: "N2DB14ORCInputStreamE".
  std::size_t base_number = 0;  ///< Which of its bases with virtual functions declares them, from 0.
};

/// For each class its virtual functions, those after the two destructors and in the order of their
/// declaration; empty for a class that the library does not have.
///
/// Errors: kIncompatible when the library has a class and no table for it where one is expected; kStorage.
Result<std::vector<std::span<Word>>> virtual_functions(const Library& library,
                                                       std::span<const EngineClass> classes);

/// Makes calls of `functions`, which lie in one table, calls of `replacement`.
Result<void> replace_functions(std::span<Word> functions, Word replacement);

}  // namespace optiinfra::embedded
