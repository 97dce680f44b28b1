/// A disk in memory that keeps exactly what it must and no more.
///
/// What was written is seen at once, like through a page cache, and survives a crash for sure only after
/// the file's sync(); names survive only after sync_folder(). A crash keeps any part of the rest. A failed
/// sync forgets what was to be synced, and the next one succeeds as if nothing had happened: so do real
/// disks. A failed sync_folder() leaves the names as uncertain as before: a journal holds those.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "optiinfra/spool/file_system.hpp"

namespace optiinfra::testing {

enum class Survives {
  kNothing,  ///< Of what was not synced.
  kAll,
  kAnyPart,  ///< Each 512 bytes and each name by chance.
};

struct DiskFault {
  /// Which call goes wrong, counted from 1; every call that a FileSystem or File serves counts. 0: none.
  std::uint64_t call = 0;
  std::string reason = "Input/output error";
  bool for_good = false;   ///< All later calls fail too, until heal().
  bool power_off = false;  ///< The machine stops at that call: nothing more works until restart().
  /// Of a write that goes wrong, the bytes that are done nevertheless.
  std::uint64_t written_bytes = 0;
};

class LyingDisk final : public spool::FileSystem {
 public:
  explicit LyingDisk(std::uint64_t seed = 1) : chance_(seed) {}

  std::uint64_t calls() const { return calls_; }
  void set_fault(const DiskFault& fault) { fault_ = fault, calls_ = 0, fired_ = 0; }
  void heal() { fault_ = {}; }
  std::uint64_t faults_fired() const { return fired_; }  ///< Since set_fault().
  bool is_off() const { return off_; }

  /// No write() takes more than this many bytes.
  void set_write_bytes_max(std::uint64_t bytes) { write_bytes_max_ = bytes; }

  /// Each sync of a file takes this long, during which other calls go on.
  void set_sync_time(std::chrono::microseconds time) { sync_time_ = time; }

  /// Room for all files; a write or allocation beyond fails. 0: no bound.
  void set_room(std::uint64_t bytes) { room_bytes_ = bytes; }

  /// The machine loses its power and starts again. Open files and locks are gone.
  void restart(Survives survives);

  /// The content of a file, to look at and to spoil; null when there is none.
  std::vector<std::byte>* content(const std::filesystem::path& file);
  std::vector<std::string> names(const std::filesystem::path& folder) const;
  void put(const std::filesystem::path& file, std::vector<std::byte> bytes);
  void erase(const std::filesystem::path& file);

  /// A disk with the same files, all of them synced.
  std::unique_ptr<LyingDisk> copy() const;

  Result<void> create_folder(const std::filesystem::path& folder) override;
  Result<std::unique_ptr<spool::FolderLock>> lock_folder(const std::filesystem::path& folder) override;
  Result<std::vector<std::string>> list(const std::filesystem::path& folder) override;
  Result<std::unique_ptr<spool::File>> create(const std::filesystem::path& file) override;
  Result<std::unique_ptr<spool::File>> open(const std::filesystem::path& file) override;
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  Result<void> remove(const std::filesystem::path& file) override;
  Result<void> sync_folder(const std::filesystem::path& folder) override;

 private:
  class OpenFile;
  class HeldLock;
  using Content = std::vector<std::byte>;
  using Change = std::function<void(Content&)>;

  struct Inode {
    Content seen;                 ///< Through the page cache.
    Content durable;              ///< On the disk.
    std::vector<Change> changes;  ///< From one to the other, in pieces that survive or not.
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  using NameChange = std::function<void(Names&)>;

  std::optional<Error> fault_now(const std::string& doing, std::uint64_t* written = nullptr);
  void change_names(NameChange change);
  void keep_part(Inode& inode);
  void write(Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes);
  void resize(Inode& inode, std::uint64_t bytes);
  std::uint64_t used_bytes() const;
  bool heads() { return (chance_() & 1) != 0; }

  mutable std::mutex mutex_;
  std::mt19937_64 chance_;
  // Read while the threads of a writer use the disk.
  std::atomic<std::uint64_t> calls_ = 0, fired_ = 0;
  DiskFault fault_;
  std::atomic<bool> off_ = false;
  std::uint64_t life_ = 0;  ///< Restarts so far; files opened before are dead.
  std::uint64_t write_bytes_max_ = ~std::uint64_t{0};
  std::uint64_t room_bytes_ = 0;
  std::chrono::microseconds sync_time_{0};
  Names seen_, durable_;
  std::vector<NameChange> name_changes_;
  std::set<std::string> locked_;
};

}  // namespace optiinfra::testing
