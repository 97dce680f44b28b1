#include "embedded/log_sync.hpp"

#include <algorithm>

#include "embedded/deduplication_log.hpp"
#include "embedded/file.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

Result<std::map<fs::path, std::uintmax_t>> sizes_of(const fs::path& folder) {
  std::map<fs::path, std::uintmax_t> sizes;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    const auto size = entry->file_size(code);
    // The engine may have removed a log that it needs no more.
    if (!code) sizes[entry->path()] = size;
    code.clear();
  }
  if (code) return storage_error(folder, "cannot list", code.value());
  return sizes;
}

}  // namespace

Result<void> LogSync::sync_table(const fs::path& table) {
  const fs::path folder = table / "deduplication_logs";
  // Sizes are taken before the sync: what is appended meanwhile belongs to the next one.
  OPTIINFRA_TRY(Sizes sizes, sizes_of(folder));
  Sizes& synced = synced_[table];
  if (sizes == synced) return {};
  bool has_other_names = sizes.size() != synced.size();
  for (const auto& [path, size] : sizes) {
    const auto before = synced.find(path);
    has_other_names |= before == synced.end();
    if (before != synced.end() && before->second == size) continue;
    OPTIINFRA_CHECK(sync_file(path));
  }
  if (has_other_names) OPTIINFRA_CHECK(sync_folder(folder));
  OPTIINFRA_CHECK(sync_folder(table));
  synced = std::move(sizes);
  return {};
}

Result<void> LogSync::sync() {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  OPTIINFRA_TRY(const auto tables, tables_with_logs(engine_path_));
  for (const fs::path& table : tables) {
    auto status = sync_table(table);
    if (status) continue;
    failure_ = with_context(std::move(status).error(),
                            "the insert is stored, but a power loss may undo it; open the store again");
    failure_->applied = Applied::kUnknown;
    return *failure_;
  }
  return {};
}

}  // namespace optiinfra::embedded
