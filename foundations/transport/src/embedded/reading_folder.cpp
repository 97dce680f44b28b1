#include "embedded/reading_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
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
#include "embedded/recovery.hpp"
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

constexpr std::string_view kNameStart = "optiinfra-reading-";

/// Holds the folder for as long as the descriptor is open. -1 when that fails, as with LOCK_NB where another
/// process holds it.
int hold(const fs::path& folder, int flags) {
  const int held = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (held >= 0 && ::flock(held, LOCK_EX | flags) == 0) return held;
  if (held >= 0) ::close(held);
  return -1;
}

/// A folder is empty until its maker holds it, so one that holds files and that nobody holds was left by a
/// process that was killed.
void remove_folders_of_killed(const fs::path& place) {
  std::error_code ignored;
  for (fs::directory_iterator entry(place, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (!entry->path().filename().string().starts_with(kNameStart)) continue;
    const int held = hold(entry->path(), LOCK_NB);
    if (held < 0) continue;
    std::error_code code;
    if (!fs::is_empty(entry->path(), code)) fs::remove_all(entry->path(), code);
    ::close(held);
  }
}

/// Asks for no log of tokens: the engine would begin a new file of it in the table's own folder.
std::string without_token_log(std::string text) {
  constexpr std::string_view kWindow = "non_replicated_deduplication_window = ";
  for (auto at = text.find(kWindow); at != std::string::npos; at = text.find(kWindow, at)) {
    at += kWindow.size();
    text.replace(at, std::min(text.find_first_not_of("0123456789", at), text.size()) - at, "0");
  }
  return text;
}

Result<void> copy_definitions(const fs::path& from, const fs::path& to) {
  OPTIINFRA_TRY(const auto definitions, whole_definitions(from));
  for (const Definition& each : definitions) {
    const fs::path path = to / each.path;
    std::error_code code;
    fs::create_directories(path.parent_path(), code);
    if (code) return storage_error(path.parent_path(), "cannot create", code.value());
    std::ofstream target(path, std::ios::binary);
    target << without_token_log(each.text);
    if (!target.flush()) return storage_error(path, "cannot write", errno);
  }
  return {};
}

/// The engine reads the tables' own folders, so these files can be neither left out nor replaced.
Result<void> expect_readable_tables(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto broken, broken_table_files(engine_path));
  if (broken.empty()) return {};
  return Error{ErrorKind::kStorage,
               (engine_path / broken.front()).string() +
                   " is empty or cut. A command that may write to the store repairs that; where none may, "
                   "copy the store's folder to another disk (cp -a) and use the copy"};
}

}  // namespace

Result<ReadingFolder> ReadingFolder::create(const fs::path& engine_path) {
  OPTIINFRA_CHECK(expect_readable_tables(engine_path));
  const fs::path place = place_with_room();
  if (place.empty()) {
    return Error{ErrorKind::kStorage,
                 "reading a store that cannot be written to takes a temporary folder with " +
                     mebibytes(kFreeBytesMin) +
                     " free, and TMPDIR, /dev/shm, /tmp and /var/tmp have none; set TMPDIR"};
  }
  remove_folders_of_killed(place);
  std::string pattern = (place / kNameStart).string() + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return storage_error(pattern, "cannot create", errno);
  // Another process may hold it for the moment in which it sees that the folder is empty.
  ReadingFolder folder(pattern, hold(pattern, 0));
  OPTIINFRA_CHECK(copy_definitions(engine_path, folder.path() / "engine"));
  return folder;
}

ReadingFolder::ReadingFolder(ReadingFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), held_(std::exchange(other.held_, -1)) {}

ReadingFolder::~ReadingFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
  if (held_ >= 0) ::close(held_);
}

}  // namespace optiinfra::embedded
