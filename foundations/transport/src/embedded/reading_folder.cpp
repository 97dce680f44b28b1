#include "embedded/reading_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "embedded/file.hpp"
#include "embedded/room.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// Copies of the definitions and what the engine writes when it boots take less than one of them.
constexpr std::uint64_t kFreeBytesMin = std::uint64_t{16} << 20;

std::vector<fs::path> places() {
  std::vector<fs::path> paths;
  if (const char* chosen = std::getenv("TMPDIR"); chosen != nullptr && *chosen != '\0')
    paths.emplace_back(chosen);
  paths.insert(paths.end(), {"/dev/shm", "/tmp", "/var/tmp"});
  return paths;
}

/// Empty where none has room.
fs::path place_with_room() {
  for (const fs::path& path : places()) {
    if (::access(path.c_str(), W_OK | X_OK) != 0) continue;
    const auto room = room_at(path);
    if (room && room->free_bytes >= kFreeBytesMin) return path;
  }
  return {};
}

/// "metadata/optiinfra.sql", and "store/6c1/6c12.../cost_metrics_ts.sql" of each table.
bool is_definition(const fs::path& relative) {
  if (relative.extension() != ".sql") return false;
  const auto depth = std::distance(relative.begin(), relative.end());
  return *relative.begin() == "metadata" ? depth == 2 : *relative.begin() == "store" && depth == 4;
}

/// A copy that asks for no log of tokens: the engine would begin a new file of it in the table's own folder.
Result<void> copy_definition(const fs::path& from, const fs::path& to) {
  constexpr std::string_view kWindow = "non_replicated_deduplication_window = ";
  std::ifstream source(from, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(source), {});
  if (!source) return storage_error(from, "cannot read", errno);
  for (auto at = text.find(kWindow); at != std::string::npos; at = text.find(kWindow, at)) {
    at += kWindow.size();
    text.replace(at, std::min(text.find_first_not_of("0123456789", at), text.size()) - at, "0");
  }
  std::ofstream target(to, std::ios::binary);
  target << text;
  if (!target.flush()) return storage_error(to, "cannot write", errno);
  return {};
}

Result<void> copy_definitions(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::recursive_directory_iterator entry(from, fs::directory_options::none, code);
  for (const fs::recursive_directory_iterator end; !code && entry != end; entry.increment(code)) {
    // What lies in the folder of a table (its parts) or of a database (definitions) holds none.
    if (entry.depth() >= 3) entry.disable_recursion_pending();
    const fs::path relative = entry->path().lexically_relative(from);
    if (!is_definition(relative)) continue;
    fs::create_directories((to / relative).parent_path(), code);
    if (code) return storage_error((to / relative).parent_path(), "cannot create", code.value());
    OPTIINFRA_CHECK(copy_definition(entry->path(), to / relative));
  }
  if (code) return storage_error(from, "cannot read", code.value());
  return {};
}

}  // namespace

Result<ReadingFolder> ReadingFolder::create(const fs::path& engine_path) {
  const fs::path place = place_with_room();
  if (place.empty()) {
    return Error{ErrorKind::kStorage,
                 "reading a store that cannot be written to takes a temporary folder with " +
                     mebibytes(kFreeBytesMin) +
                     " free, and TMPDIR, /dev/shm, /tmp and /var/tmp have none; set TMPDIR"};
  }
  std::string pattern = (place / "optiinfra-reading-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return storage_error(pattern, "cannot create", errno);
  ReadingFolder folder{pattern};
  OPTIINFRA_CHECK(copy_definitions(engine_path, folder.path() / "engine"));
  return folder;
}

ReadingFolder::ReadingFolder(ReadingFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

ReadingFolder::~ReadingFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace optiinfra::embedded
