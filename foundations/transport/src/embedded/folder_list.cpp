#include "embedded/folder_list.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;

Result<std::vector<std::string>> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    names.push_back(entry->path().filename().string());
  if (code) return storage_error(folder, "cannot list", code.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<fs::path>> table_folders(const fs::path& engine_path) {
  std::vector<fs::path> folders;
  std::error_code code;
  if (!fs::is_directory(engine_path / "store", code)) return folders;
  OPTIINFRA_TRY(const auto groups, names_in(engine_path / "store"));
  for (const std::string& group : groups) {
    if (!fs::is_directory(engine_path / "store" / group, code)) continue;
    OPTIINFRA_TRY(const auto names, names_in(engine_path / "store" / group));
    for (const std::string& name : names) {
      const fs::path folder = fs::path("store") / group / name;
      if (fs::is_directory(engine_path / folder, code)) folders.push_back(folder);
    }
  }
  return folders;
}

Result<fs::path> set_aside(const fs::path& engine_path, const fs::path& path) {
  const fs::path folder = engine_path.parent_path() / "set-aside";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return storage_error(folder, "cannot create", errno);
  const std::string name = path.parent_path().filename().string() + "." + path.filename().string();
  fs::path target = folder / name;
  std::error_code code;
  for (int number = 2; fs::exists(target, code); ++number)
    target = folder / (name + "." + std::to_string(number));
  fs::rename(engine_path / path, target, code);
  if (code) return storage_error(engine_path / path, "cannot set aside", code.value());
  OPTIINFRA_CHECK(sync_folder(folder));
  OPTIINFRA_CHECK(sync_folder((engine_path / path).parent_path()));
  return target;
}

}  // namespace optiinfra::embedded
