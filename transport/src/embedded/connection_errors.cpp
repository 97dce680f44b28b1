#include "embedded/connection_errors.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace {

using Word = std::uintptr_t;

constexpr std::string_view kClassName{
    "\0"
    "19KillingErrorHandler\0",
    23};
/// Of the table of virtual functions behind the entry for the class: two destructors, then the functions.
constexpr std::size_t kDestructors = 2, kFunctions = 3;

/// The library as it lies in this process.
struct Image {
  std::string path;
  Word base = 0;
  ElfW(Phdr) constants{}, tables{}, code {};  ///< Segments: read-only data, data with addresses, code.
};

bool holds(const ElfW(Phdr) & segment, Word base, Word address) {
  return address >= base + segment.p_vaddr && address < base + segment.p_vaddr + segment.p_memsz;
}

std::optional<Image> image_that_holds(Word address) {
  struct Search {
    Word address;
    std::optional<Image> found;
  } search{address, {}};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* data) {
        Search& wanted = *static_cast<Search*>(data);
        Image image{.path = object->dlpi_name, .base = object->dlpi_addr};
        for (const auto& segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
          if (segment.p_type == PT_LOAD && segment.p_flags == PF_R) image.constants = segment;
          if (segment.p_type == PT_LOAD && holds(segment, image.base, wanted.address)) image.code = segment;
          if (segment.p_type == PT_GNU_RELRO) image.tables = segment;
        }
        if (image.code.p_memsz == 0) return 0;
        wanted.found = std::move(image);
        return 1;
      },
      &search);
  return search.found;
}

/// The address of the class's name; 0 when there is none. Read from the file, so that the process does not
/// keep 150 MB of it in memory.
Result<Word> find_name(const Image& image) {
  const int file = ::open(image.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return storage_error(image.path, "cannot read", errno);
  std::vector<char> piece(std::size_t{1} << 20);
  Word found = 0;
  const auto begin = static_cast<Word>(image.constants.p_offset), end = begin + image.constants.p_filesz;
  for (Word at = begin; at < end && found == 0; at += piece.size() - kClassName.size()) {
    const auto size = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(at));
    if (size <= 0) break;
    const void* hit =
        ::memmem(piece.data(), static_cast<std::size_t>(size), kClassName.data(), kClassName.size());
    if (hit != nullptr) {
      const auto offset = static_cast<Word>(static_cast<const char*>(hit) - piece.data());
      found = image.base + image.constants.p_vaddr + (at - begin) + offset + 1;
    }
  }
  ::close(file);
  return found;
}

void ignore_error(void*, const void*) {}

Result<void> replace_functions(std::span<Word> functions) {
  const auto page = static_cast<Word>(::sysconf(_SC_PAGESIZE));
  const Word begin = reinterpret_cast<Word>(functions.data()) & ~(page - 1);
  const Word end = reinterpret_cast<Word>(functions.data() + functions.size());
  void* const pages = reinterpret_cast<void*>(begin);
  if (::mprotect(pages, end - begin, PROT_READ | PROT_WRITE) != 0)
    return storage_error("libchdb.so", "cannot prepare", errno);
  std::fill(functions.begin(), functions.end(), reinterpret_cast<Word>(&ignore_error));
  ::mprotect(pages, end - begin, PROT_READ);
  return {};
}

/// The functions of the class whose name lies at `name`; empty when it is not laid out as expected.
std::span<Word> find_functions(const Image& image, Word name) {
  const std::span words(reinterpret_cast<Word*>(image.base + image.tables.p_vaddr),
                        image.tables.p_memsz / sizeof(Word));
  const auto name_at = std::find(words.begin(), words.end(), name);
  if (name_at == words.end() || name_at == words.begin()) return {};
  const Word type = reinterpret_cast<Word>(&*name_at - 1);  // Its description: kind, name, base class.
  const auto type_at = std::find(words.begin(), words.end(), type);
  if (words.end() - type_at < static_cast<std::ptrdiff_t>(1 + kDestructors + kFunctions)) return {};
  const std::span functions(&*type_at + 1 + kDestructors, kFunctions);
  const bool is_expected = std::all_of(functions.begin(), functions.end(), [&](Word function) {
    return function == functions.front() && holds(image.code, image.base, function);
  });
  return is_expected ? functions : std::span<Word>{};
}

}  // namespace

Result<void> survive_connection_errors(const Library& library) {
  const auto image = image_that_holds(reinterpret_cast<Word>(library.query_cmdline));
  const Error unknown{
      ErrorKind::kIncompatible,
      "this libchdb.so is built in a way that optiinfra cannot serve with; the version that ./setup "
      "fetches is known to work"};
  if (!image || image->constants.p_memsz == 0 || image->tables.p_memsz == 0) return unknown;
  OPTIINFRA_TRY(const Word name, find_name(*image));
  if (name == 0) return {};
  const std::span<Word> functions = find_functions(*image, name);
  return functions.empty() ? Result<void>(unknown) : replace_functions(functions);
}

}  // namespace optiinfra::embedded
