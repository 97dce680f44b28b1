#include "embedded/imported_functions.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace {

using Word = std::uintptr_t;
using Relocations = std::span<const ElfW(Rela)>;

/// What the library's dynamic section says of the addresses that the loader filled in.
struct Imports {
  Word base = 0;
  const ElfW(Sym) * symbols = nullptr;
  const char* names = nullptr;
  Relocations of_data, of_calls;
};

std::optional<Imports> imports_of(const Library& library) {
  Dl_info info{};
  link_map* map = nullptr;
  if (::dladdr1(reinterpret_cast<void*>(library.connect), &info, reinterpret_cast<void**>(&map),
                RTLD_DL_LINKMAP) == 0 ||
      map == nullptr)
    return std::nullopt;
  Imports imports;
  imports.base = map->l_addr;
  const ElfW(Rela)* data = nullptr;
  const ElfW(Rela)* calls = nullptr;
  std::size_t data_bytes = 0, call_bytes = 0, relative_count = 0;
  for (const ElfW(Dyn)* entry = map->l_ld; entry->d_tag != DT_NULL; ++entry) {
    // The loader has already added the base to addresses, but for those it does not use itself.
    const Word address =
        entry->d_un.d_ptr < imports.base ? entry->d_un.d_ptr + imports.base : entry->d_un.d_ptr;
    switch (entry->d_tag) {
      case DT_SYMTAB:
        imports.symbols = reinterpret_cast<const ElfW(Sym)*>(address);
        break;
      case DT_STRTAB:
        imports.names = reinterpret_cast<const char*>(address);
        break;
      case DT_RELA:
        data = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_JMPREL:
        calls = reinterpret_cast<const ElfW(Rela)*>(address);
        break;
      case DT_RELASZ:
        data_bytes = entry->d_un.d_val;
        break;
      case DT_PLTRELSZ:
        call_bytes = entry->d_un.d_val;
        break;
      case DT_RELACOUNT:
        relative_count = entry->d_un.d_val;
        break;
      default:
        break;
    }
  }
  if (imports.symbols == nullptr || imports.names == nullptr || data == nullptr || calls == nullptr)
    return std::nullopt;
  // The million relative ones come first and name no function.
  imports.of_data = Relocations(data, data_bytes / sizeof(ElfW(Rela)));
  imports.of_data = imports.of_data.subspan(std::min(relative_count, imports.of_data.size()));
  imports.of_calls = Relocations(calls, call_bytes / sizeof(ElfW(Rela)));
  return imports;
}

bool is_import(std::uint32_t type) {
#if defined(__x86_64__)
  return type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT;
#elif defined(__aarch64__)
  return type == R_AARCH64_GLOB_DAT || type == R_AARCH64_JUMP_SLOT;
#else
#error "the relocation types of this processor are not known here"
#endif
}

/// The slot may lie in a page that the loader made read-only. It stays writable: other slots of the page may
/// still be filled in lazily.
Result<void> set_slot(Word address, void* function) {
  const auto page = static_cast<Word>(::sysconf(_SC_PAGESIZE));
  const Word begin = address & ~(page - 1), end = address + sizeof(Word);
  if (::mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ | PROT_WRITE) != 0)
    return storage_error("libchdb.so", "cannot prepare", errno);
  *reinterpret_cast<void**>(address) = function;
  return {};
}

Result<std::size_t> replace_in(const Imports& imports, Relocations relocations,
                               std::span<const Replacement> replacements) {
  std::size_t count = 0;
  for (const ElfW(Rela) & relocation : relocations) {
    if (!is_import(ELF64_R_TYPE(relocation.r_info))) continue;
    const ElfW(Sym)& symbol = imports.symbols[ELF64_R_SYM(relocation.r_info)];
    if (symbol.st_shndx != SHN_UNDEF) continue;
    const std::string_view name = imports.names + symbol.st_name;
    const auto found = std::ranges::find(replacements, name, &Replacement::name);
    if (found == replacements.end()) continue;
    OPTIINFRA_CHECK(set_slot(imports.base + relocation.r_offset, found->function));
    ++count;
  }
  return count;
}

}  // namespace

Result<void> replace_imported_functions(const Library& library, std::span<const Replacement> replacements) {
  const auto imports = imports_of(library);
  if (imports) {
    OPTIINFRA_TRY(const std::size_t in_data, replace_in(*imports, imports->of_data, replacements));
    OPTIINFRA_TRY(const std::size_t in_calls, replace_in(*imports, imports->of_calls, replacements));
    if (in_data + in_calls > 0) return {};
  }
  return Error{
      ErrorKind::kIncompatible,
      "this libchdb.so is built in a way in which optiinfra cannot watch its writes; the version that "
      "./setup fetches is known to work"};
}

}  // namespace optiinfra::embedded
