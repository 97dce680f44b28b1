#include "embedded/virtual_functions.hpp"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace {

/// A table begins with two destructors.
constexpr std::size_t kDestructors = 2;

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

/// Where `name`, with its ending zero, lies in `piece`.
std::optional<std::size_t> find_name(std::span<const char> piece, std::string_view name) {
  const std::string whole(name.data(), name.size());
  const void* const hit = ::memmem(piece.data(), piece.size(), whole.c_str(), whole.size() + 1);
  if (hit == nullptr) return std::nullopt;
  return static_cast<std::size_t>(static_cast<const char*>(hit) - piece.data());
}

/// The addresses of the classes' names; 0 where there is none. Read from the file, so that the process does
/// not keep 150 MB of it in memory.
Result<std::vector<Word>> find_names(const Image& image, std::span<const EngineClass> classes) {
  const int file = ::open(image.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return storage_error(image.path, "cannot read", errno);
  constexpr std::size_t kNameBytesMax = 256;
  std::vector<char> piece(std::size_t{1} << 20);
  std::vector<Word> names(classes.size(), 0);
  const auto begin = static_cast<Word>(image.constants.p_offset), end = begin + image.constants.p_filesz;
  for (Word at = begin; at < end; at += piece.size() - kNameBytesMax) {
    const auto size = ::pread(file, piece.data(), piece.size(), static_cast<off_t>(at));
    if (size <= 0) break;
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (names[i] != 0) continue;
      if (const auto offset =
              find_name(std::span(piece).first(static_cast<std::size_t>(size)), classes[i].name))
        names[i] = image.base + image.constants.p_vaddr + (at - begin) + *offset;
    }
    if (std::find(names.begin(), names.end(), 0) == names.end()) break;
  }
  ::close(file);
  return names;
}

/// The functions of the class whose name lies at `name`; empty when it is not laid out as expected.
std::span<Word> find_functions(const Image& image, Word name, std::size_t base_number) {
  const std::span words(reinterpret_cast<Word*>(image.base + image.tables.p_vaddr),
                        image.tables.p_memsz / sizeof(Word));
  const auto name_at = std::find(words.begin(), words.end(), name);
  if (name_at == words.end() || name_at == words.begin()) return {};
  const Word type = reinterpret_cast<Word>(&*name_at - 1);  // Its description: kind, name, base classes.
  const auto is_code = [&](Word word) { return holds(image.code, image.base, word); };
  // A table begins with how far the base's part lies in the object, negative, and the description. Classes
  // derived from this one name its description too.
  constexpr Word kObjectBytesMax = 1 << 16;
  const auto is_begin = [&](auto at) { return at != words.begin() && Word{0} - *(at - 1) < kObjectBytesMax; };
  std::size_t tables = 0;
  for (auto at = words.begin(); (at = std::find(at, words.end(), type)) != words.end(); ++at) {
    if (!is_begin(at) || tables++ != base_number) continue;
    const auto end = std::find_if_not(at + 1, words.end(), is_code);
    if (end - at <= static_cast<std::ptrdiff_t>(1 + kDestructors)) return {};
    return {at + 1 + kDestructors, end};
  }
  return {};
}

}  // namespace

Error unknown_layout() {
  return {ErrorKind::kIncompatible,
          "this libchdb.so is built in a way that optiinfra cannot serve with; the version that ./setup "
          "fetches is known to work"};
}

Result<std::vector<std::span<Word>>> virtual_functions(const Library& library,
                                                       std::span<const EngineClass> classes) {
  const auto image = image_that_holds(reinterpret_cast<Word>(library.query_cmdline));
  if (!image || image->constants.p_memsz == 0 || image->tables.p_memsz == 0) return unknown_layout();
  OPTIINFRA_TRY(const std::vector<Word> names, find_names(*image, classes));
  std::vector<std::span<Word>> functions(classes.size());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (names[i] == 0) continue;
    functions[i] = find_functions(*image, names[i], classes[i].base_number);
    if (functions[i].empty()) return unknown_layout();
  }
  return functions;
}

Result<void> replace_functions(std::span<Word> functions, Word replacement) {
  const auto page = static_cast<Word>(::sysconf(_SC_PAGESIZE));
  const Word begin = reinterpret_cast<Word>(functions.data()) & ~(page - 1);
  const Word end = reinterpret_cast<Word>(functions.data() + functions.size());
  void* const pages = reinterpret_cast<void*>(begin);
  if (::mprotect(pages, end - begin, PROT_READ | PROT_WRITE) != 0)
    return storage_error("libchdb.so", "cannot prepare", errno);
  std::fill(functions.begin(), functions.end(), replacement);
  ::mprotect(pages, end - begin, PROT_READ);
  return {};
}

}  // namespace optiinfra::embedded
