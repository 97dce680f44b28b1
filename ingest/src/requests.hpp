/// The requests that a writer remembers: those of the spool's records, and the latest of those whose records
/// have left it.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "insert_group.hpp"
#include "optiinfra/spool/request_log.hpp"
#include "optiinfra/spool/spool.hpp"
#include "request_table.hpp"

namespace optiinfra {

/// At least this many of the latest requests whose records have left the spool are remembered, and at most
/// one file of the log more. Requests of the spool's records are remembered in addition; the spool bounds
/// them.
inline constexpr std::size_t kRequestsRemembered = 1'000'000;

struct RequestBounds {
  std::size_t remembered = kRequestsRemembered;
  std::uint32_t keys_per_file = spool::kRequestKeysPerFile;
};

/// At every instant each acknowledged key is in a record of the spool, or synced in the log, or both: the log
/// has it before its record is acknowledged to the spool, and one sync makes records and keys durable.
///
/// Threads: any. Locks: a stage's mutex comes before lock(); the log's comes before lock().
class Requests {
 public:
  using Group = std::shared_ptr<InsertGroup>;
  using Lock = std::unique_lock<std::mutex>;

  /// Reads the log in `folder` and the keys of the spool's records, once each, which takes as long as the
  /// disk needs for them. `files` must outlive it. Errors: kStorage, kIncompatible.
  static Result<std::unique_ptr<Requests>> open(const std::filesystem::path& folder, spool::Spool& spool,
                                                spool::FileSystem& files = spool::posix_file_system(),
                                                const RequestBounds& bounds = {});

  /// Damage found by open(), one sentence each.
  const std::vector<std::string>& problems() const noexcept { return log_->problems(); }

  /// No other thread finds or adds a request while it is held, so finding and adding are atomic.
  Lock lock() const { return Lock(mutex_); }

  /// Where the rows of a request are that was handed over before.
  struct First {
    Group group;                 ///< nullptr: stored.
    spool::Sequence record = 0;  ///< This one or an earlier one holds its key.
  };
  /// Nothing for a key that is not known. Under lock(). Errors: kConflict for a key that is known with
  /// another content.
  Result<std::optional<First>> find(const spool::RequestKey& key) const;

  /// Rows of the request are in `group` and in the spool. Under lock().
  void add(const spool::RequestKey& key, const Group& group);

  /// The group that a recovered record belongs to, whose requests are known already; nullptr: there is none.
  Group take_recovered(const std::string& token);

  /// Writes the keys of a stored group to the log: then its records may leave the spool. Errors: kStorage;
  /// some of its keys may be in the log, and repeating the call writes the others.
  Result<void> remember(const Group& group);

  /// The groups that were never recovered will not be stored by this writer.
  void abandon();

  std::size_t size() const;
  std::size_t bytes() const;

 private:
  explicit Requests(std::size_t remembered) : remembered_(remembered) {}
  Result<void> read_spool(spool::Spool& spool);
  void move_to(spool::RequestLog::FileNumber file, std::span<const spool::RequestKey> keys);
  void forget_oldest_files();
  std::size_t logged_behind_oldest() const;

  const std::size_t remembered_;
  mutable std::mutex mutex_;
  RequestTable table_;
  std::vector<Group> groups_;  ///< By their request_slot; nullptr: free.
  std::vector<std::uint32_t> free_slots_;
  std::unordered_map<std::string, Group> recovered_;  ///< By token; not taken yet.

  std::mutex log_mutex_;
  std::unique_ptr<spool::RequestLog> log_;
};

}  // namespace optiinfra
