#include "lying_disk.hpp"

#include <algorithm>
#include <cstring>
#include <thread>

namespace optiinfra::testing {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kSectorBytes = 512;

Error storage_error(const std::string& doing, const std::string& reason) {
  return {ErrorKind::kStorage, "cannot " + doing + ": " + reason};
}

void apply_write(std::vector<std::byte>& content, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

class LyingDisk::OpenFile final : public spool::File {
 public:
  OpenFile(LyingDisk& disk, std::shared_ptr<Inode> inode, std::string name)
      : disk_(disk), inode_(std::move(inode)), name_(std::move(name)), life_(disk.life_) {}

  Result<std::uint64_t> size() override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto error = fault("examine")) return *error;
    return inode_->seen.size();
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto error = fault("read")) return *error;
    const auto& bytes = inode_->seen;
    if (offset >= bytes.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), bytes.size() - offset);
    std::memcpy(into.data(), bytes.data() + offset, count);
    return count;
  }

  Result<std::size_t> write(std::uint64_t offset,
                            std::span<const std::span<const std::byte>> parts) override {
    const std::lock_guard lock(disk_.mutex_);
    std::vector<std::byte> bytes;
    for (const auto part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
    std::uint64_t done = 0;
    const auto error = fault("write", &done);
    if (error) {
      disk_.write(*inode_, offset, std::span(bytes).first(std::min<std::size_t>(done, bytes.size())));
      return *error;
    }
    bytes.resize(std::min<std::size_t>(bytes.size(), disk_.write_bytes_max_));
    if (!has_room(offset + bytes.size())) return storage_error("write " + name_, "No space left on device");
    disk_.write(*inode_, offset, bytes);
    return bytes.size();
  }

  Result<void> allocate(std::uint64_t bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto error = fault("take disk space for")) return *error;
    if (!has_room(bytes)) return storage_error("take disk space for " + name_, "No space left on device");
    if (bytes > inode_->seen.size()) disk_.resize(*inode_, bytes);
    return {};
  }

  Result<void> truncate(std::uint64_t bytes) override {
    const std::lock_guard lock(disk_.mutex_);
    if (auto error = fault("cut")) return *error;
    disk_.resize(*inode_, bytes);
    return {};
  }

  Result<void> sync() override {
    if (disk_.sync_time_.count() > 0) std::this_thread::sleep_for(disk_.sync_time_);
    const std::lock_guard lock(disk_.mutex_);
    if (auto error = fault("sync")) {
      if (!disk_.off_) disk_.keep_part(*inode_);
      return *error;
    }
    inode_->durable = inode_->seen;
    inode_->changes.clear();
    return {};
  }

 private:
  std::optional<Error> fault(const std::string& doing, std::uint64_t* written = nullptr) {
    if (life_ != disk_.life_)
      return storage_error(doing + " " + name_, "opened before the machine restarted");
    return disk_.fault_now(doing + " " + name_, written);
  }

  bool has_room(std::uint64_t size) const {
    const std::uint64_t more = size > inode_->seen.size() ? size - inode_->seen.size() : 0;
    return disk_.room_bytes_ == 0 || more == 0 || disk_.used_bytes() + more <= disk_.room_bytes_;
  }

  LyingDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::string name_;
  std::uint64_t life_;
};

class LyingDisk::HeldLock final : public spool::FolderLock {
 public:
  HeldLock(LyingDisk& disk, std::string folder)
      : disk_(disk), folder_(std::move(folder)), life_(disk.life_) {}
  ~HeldLock() override {
    const std::lock_guard lock(disk_.mutex_);
    if (life_ == disk_.life_) disk_.locked_.erase(folder_);
  }

 private:
  LyingDisk& disk_;
  std::string folder_;
  std::uint64_t life_;
};

std::optional<Error> LyingDisk::fault_now(const std::string& doing, std::uint64_t* written) {
  if (off_) return storage_error(doing, "the machine is off");
  ++calls_;
  if (fault_.call == 0 || (calls_ != fault_.call && !(fault_.for_good && calls_ > fault_.call))) return {};
  ++fired_;
  if (written != nullptr) *written = fault_.written_bytes;
  if (fault_.power_off) off_ = true;
  return storage_error(doing, fault_.power_off ? "the machine is off" : fault_.reason);
}

void LyingDisk::write(Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) {
  apply_write(inode.seen, offset, bytes);
  while (!bytes.empty()) {
    const std::size_t size = std::min<std::size_t>(bytes.size(), kSectorBytes - offset % kSectorBytes);
    inode.changes.push_back(
        [offset, piece = std::vector<std::byte>(bytes.begin(), bytes.begin() + static_cast<long>(size))](
            Content& content) { apply_write(content, offset, piece); });
    bytes = bytes.subspan(size);
    offset += size;
  }
}

void LyingDisk::resize(Inode& inode, std::uint64_t bytes) {
  inode.seen.resize(bytes);
  inode.changes.push_back([bytes](Content& content) { content.resize(bytes); });
}

void LyingDisk::keep_part(Inode& inode) {
  for (const Change& change : inode.changes) {
    if (heads()) change(inode.durable);
  }
  inode.changes.clear();
}

std::uint64_t LyingDisk::used_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, inode] : seen_) bytes += inode->seen.size();
  return bytes;
}

void LyingDisk::change_names(NameChange change) {
  change(seen_);
  name_changes_.push_back(std::move(change));
}

void LyingDisk::restart(Survives survives) {
  const std::lock_guard lock(mutex_);
  for (const NameChange& change : name_changes_) {
    if (survives == Survives::kAll || (survives == Survives::kAnyPart && heads())) change(durable_);
  }
  name_changes_.clear();
  for (const auto& [name, inode] : durable_) {
    if (survives == Survives::kAll) inode->durable = inode->seen;
    if (survives == Survives::kAnyPart) keep_part(*inode);
    inode->changes.clear();
    inode->seen = inode->durable;
  }
  seen_ = durable_;
  locked_.clear();
  off_ = false;
  fault_ = {};
  ++life_;
}

std::vector<std::byte>* LyingDisk::content(const fs::path& file) {
  const auto found = seen_.find(file.string());
  return found == seen_.end() ? nullptr : &found->second->seen;
}

std::vector<std::string> LyingDisk::names(const fs::path& folder) const {
  std::vector<std::string> names;
  for (const auto& [name, inode] : seen_) {
    if (fs::path(name).parent_path() == folder) names.push_back(fs::path(name).filename().string());
  }
  return names;
}

void LyingDisk::put(const fs::path& file, std::vector<std::byte> bytes) {
  auto inode = std::make_shared<Inode>();
  inode->seen = inode->durable = std::move(bytes);
  seen_[file.string()] = durable_[file.string()] = std::move(inode);
}

void LyingDisk::erase(const fs::path& file) {
  seen_.erase(file.string());
  durable_.erase(file.string());
}

std::unique_ptr<LyingDisk> LyingDisk::copy() const {
  auto copy = std::make_unique<LyingDisk>();
  for (const auto& [name, inode] : seen_) copy->put(name, inode->seen);
  return copy;
}

Result<void> LyingDisk::create_folder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("create " + folder.string())) return *error;
  return {};
}

Result<std::unique_ptr<spool::FolderLock>> LyingDisk::lock_folder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("lock " + folder.string())) return *error;
  if (!locked_.insert(folder.string()).second)
    return Error{ErrorKind::kUnavailable, folder.string() + " is held by this test"};
  return std::unique_ptr<spool::FolderLock>(std::make_unique<HeldLock>(*this, folder.string()));
}

Result<std::vector<std::string>> LyingDisk::list(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("list " + folder.string())) return *error;
  return names(folder);
}

Result<std::unique_ptr<spool::File>> LyingDisk::create(const fs::path& file) {
  const std::lock_guard lock(mutex_);
  const std::string name = file.string();
  if (auto error = fault_now("create " + name)) return *error;
  if (seen_.contains(name)) return storage_error("create " + name, "File exists");
  auto inode = std::make_shared<Inode>();
  change_names([name, inode](Names& names) { names[name] = inode; });
  return std::unique_ptr<spool::File>(std::make_unique<OpenFile>(*this, inode, name));
}

Result<std::unique_ptr<spool::File>> LyingDisk::open(const fs::path& file) {
  const std::lock_guard lock(mutex_);
  const std::string name = file.string();
  if (auto error = fault_now("open " + name)) return *error;
  const auto found = seen_.find(name);
  if (found == seen_.end()) return storage_error("open " + name, "No such file or directory");
  return std::unique_ptr<spool::File>(std::make_unique<OpenFile>(*this, found->second, name));
}

Result<void> LyingDisk::rename(const fs::path& from, const fs::path& to) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("rename " + from.string())) return *error;
  const auto found = seen_.find(from.string());
  if (found == seen_.end()) return storage_error("rename " + from.string(), "No such file or directory");
  change_names([inode = found->second, old = from.string(), name = to.string()](Names& names) {
    names.erase(old);
    names[name] = inode;
  });
  return {};
}

Result<void> LyingDisk::remove(const fs::path& file) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("delete " + file.string())) return *error;
  if (seen_.contains(file.string()))
    change_names([name = file.string()](Names& names) { names.erase(name); });
  return {};
}

Result<void> LyingDisk::sync_folder(const fs::path& folder) {
  const std::lock_guard lock(mutex_);
  if (auto error = fault_now("sync " + folder.string())) return *error;
  for (const NameChange& change : name_changes_) change(durable_);
  name_changes_.clear();
  return {};
}

}  // namespace optiinfra::testing
