#include "embedded/refused_formats.hpp"

#include <array>
#include <cstdint>

#include "embedded/virtual_functions.hpp"

namespace optiinfra::embedded {
namespace {

/// All classes through which ORC is read: files that can be read anywhere, those that are kept in memory (a
/// buffer first and a file second), and those of the reader that input_format_orc_use_fast_decoder=0 chooses.
constexpr std::array<EngineClass, 3> kFiles = {{{"N2DB14ORCInputStreamE"},
                                                {"N2DB24ORCInputStreamFromStringE", 1},
                                                {"N5arrow8adapters3orc12_GLOBAL__N_114ArrowInputFileE"}}};

std::uint64_t no_length(const void*) { return 0; }

}  // namespace

Result<void> refuse_orc(const Library& library) {
  OPTIINFRA_TRY(const auto classes, virtual_functions(library, kFiles));
  for (const std::span<Word> functions : classes) {
    if (functions.empty()) return unknown_layout();
  }
  // getLength() is the first that orc::InputStream declares. Files in memory have it from the other files.
  if (classes[1].front() != classes[0].front()) return unknown_layout();
  for (const std::span<Word> functions : classes) {
    OPTIINFRA_CHECK(replace_functions(functions.first(1), reinterpret_cast<Word>(&no_length)));
  }
  return {};
}

}  // namespace optiinfra::embedded
