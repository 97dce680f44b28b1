/// @file optiinfra/ingest/writer.hpp
/// Many threads hand over metrics; one writer stores them, each row exactly once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/log.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/spool/request_key.hpp"

namespace optiinfra {

/// How far a row has come, and so what it survives (docs/reliability.md has the table).
enum class Acknowledgement {
  kAccepted,  ///< In the writer's memory. Survives only an orderly close.
  kSpooled,   ///< On this machine's disk, synced. Survives a kill, a crash, a power loss; the next writer
              ///< stores it.
  kStored,    ///< In the store's table and rollup, deduplicated and synced. Survives all of that, and the
              ///< loss of the spool.
};

/// What write() does while the writer's memory is full (WriterOptions::memory_bytes_max).
enum class WhenFull {
  kWait,      ///< Waits for room, up to the write's time budget.
  kTryLater,  ///< Fails at once with kUnavailable, having taken nothing.
};

struct WriterOptions {
  /// The folder of the spool on this machine's disk; created when absent, used by one writer at a time.
  /// Empty: no spool, and writes that ask for kSpooled are refused.
  std::filesystem::path spool_folder = {};
  /// Most bytes that the spool may take on disk, at least kSpoolBytesMin.
  std::size_t spool_bytes_max = std::size_t{8} << 30;
  /// Rows of a family that make one insert, 1 to kInsertRowsMax. Larger inserts cost the engine and the disk
  /// less for each row (docs/decisions/0015).
  std::size_t insert_rows = 524'288;
  /// Rows are sent after this time even when they are fewer.
  std::chrono::milliseconds insert_age{1'000};
  /// Most bytes of rows that wait in memory, at least kWriterMemoryBytesMin.
  std::size_t memory_bytes_max = std::size_t{512} << 20;
  /// Inserts that run at the same time, 1 to kSendersMax.
  unsigned senders = 2;
  WhenFull when_full = WhenFull::kWait;
  /// Budget of one write, waiting for room included. Must be positive.
  std::chrono::milliseconds write_timeout{60'000};
  /// Told of the first insert that fails and of the first one that succeeds after it, of rows that the spool
  /// gives back, and of damage found in it. Empty: nothing is told.
  LogSink log = {};
};

inline constexpr unsigned kSendersMax = 16;
inline constexpr std::size_t kWriterMemoryBytesMin = std::size_t{1} << 20;
inline constexpr std::size_t kSpoolBytesMin = std::size_t{512} << 20;

struct WriteOptions {
  /// What the ticket waits for.
  Acknowledgement acknowledgement = Acknowledgement::kStored;
  OnRefusedRows on_refused_rows = OnRefusedRows::kStoreNothing;
  /// Names these rows across the producer's own retries, as InsertOptions::token does: a producer that
  /// crashed hands the same rows over again under the same token ("<its id>:<its sequence number>"), to this
  /// writer or another, and they count once. Such rows make inserts of their own, so hand over many at a
  /// time.
  std::string token = {};
  /// Names these rows as one request, which counts once however often it is handed over, to this writer or to
  /// a later one of the same spool folder, also after crashes. Unlike rows under a token they share inserts
  /// with other rows. Needs a spool, the level kSpooled or kStored, and no token. The writer remembers all
  /// requests that are in the spool and the latest million of those that were stored; an older one counts
  /// again.
  std::optional<spool::RequestKey> request = {};
};

/// Follows the rows of one write. Copies follow the same rows; a ticket may outlive its writer.
/// Threads: any.
class Ticket {
 public:
  /// Waits until the rows have reached the level that their write asked for. An error of the store that does
  /// not pass by itself (anything but kUnavailable and kTimeout) is returned at once; the writer goes on
  /// trying, and the next wait() may succeed. For kSpooled it waits only for this machine's disk, even beyond
  /// `timeout`. Errors: kTimeout, with the store's last error, when the rows have not reached the level in
  /// time; kUnavailable when the writer was destroyed before. After either error the next writer of the spool
  /// stores the rows that are spooled.
  Result<void> wait(std::chrono::milliseconds timeout) const;

 private:
  friend class Writer;
  struct Rows;
  explicit Ticket(std::shared_ptr<const Rows> rows) : rows_(std::move(rows)) {}
  std::shared_ptr<const Rows> rows_;
};

struct WriteReceipt {
  Ticket ticket;
  std::size_t rows = 0;                          ///< Taken over.
  std::vector<RefusedValue> refused = {};        ///< With kStoreOthers: the values that broke a rule.
  std::vector<std::uint32_t> refused_rows = {};  ///< With kStoreOthers: the rows that were left out.
  /// The request was handed over before: this call took and checked nothing. The ticket follows the rows of
  /// the first call to the level that this write asks for.
  bool is_repeated = false;
};

/// What a writer has done since it was opened, and what waits.
struct WriterMetrics {
  std::uint64_t rows_accepted = 0;
  std::uint64_t rows_stored = 0;     ///< Those recovered from the spool included.
  std::uint64_t rows_refused = 0;    ///< They broke a rule.
  std::uint64_t rows_recovered = 0;  ///< Found in the spool of an earlier writer.
  std::uint64_t inserts = 0;
  std::uint64_t retries = 0;         ///< Inserts that failed and are tried again.
  std::uint64_t rows_queued = 0;     ///< Waiting in memory, now.
  std::uint64_t bytes_queued = 0;    ///< The same in bytes.
  std::uint64_t spool_bytes = 0;     ///< On disk, now.
  std::chrono::milliseconds lag{0};  ///< Age of the oldest row that waits.
  /// Of the latest insert that failed, or whose request keys the spool's disk did not take; empty after one
  /// that succeeded.
  std::string last_error;
  /// Damage found in the spool and its log of requests when they were opened, one sentence each, for an
  /// operator to read. A tail torn by a crash is not damage.
  std::vector<std::string> spool_problems;
};

/// Takes rows from many threads and stores them in large sorted inserts.
///
/// Threads: write, flush and metrics may be called from any thread; no other call may run during close and
///          destruction.
/// Errors:  write refuses bad rows as Client::insert does. An insert that fails is tried again, with growing
///          pauses, until it succeeds or the writer closes: rows are never dropped. metrics().last_error
///          says why it failed.
/// Process: never fork with an open writer.
class Writer {
 public:
  /// Opens the store, and the spool when options name one. Rows that an earlier writer left in the spool are
  /// stored in the background, each once. With a spool the store may be unreachable: rows are spooled, and
  /// stored when it answers. Errors: those of Client::open; kInvalidArgument for an option out of range;
  /// kUnavailable when another writer holds the spool; kStorage when the spool's disk fails; kIncompatible
  /// when a newer program wrote the spool. Damage in the spool is not an error: see
  /// WriterMetrics::spool_problems.
  static Result<Writer> open(const StoreUrl& url, WriterOptions options = {});

  /// The same on a client that is open already. It must outlive the writer.
  static Result<Writer> open(Client& client, WriterOptions options = {});

  /// Stops at once. Rows that only memory holds are lost; spooled rows wait for the next writer.
  ~Writer();
  Writer(Writer&&) noexcept;
  Writer& operator=(Writer&&) noexcept;

  /// Takes over the rows of `batch`. An empty batch succeeds, and its ticket is reached at once. Of several
  /// writes with the same request, also concurrent ones, only one takes rows. After an error, and when no row
  /// was taken, the writer does not remember the request. Errors, with nothing taken: kInvalidArgument for
  /// bad rows (names row, column, value and rule), for kSpooled without a spool and for a request that
  /// WriteOptions does not allow; kConflict for a request that is known with another content; kTooLarge for
  /// more than kInsertRowsMax rows or more than memory_bytes_max; kUnavailable (kTryLater) or kTimeout
  /// (kWait) when there is no room; kStorage when the spool's disk is full or fails: writing resumes when
  /// there is room.
  template <typename Row>
  Result<WriteReceipt> write(const Batch<Row>& batch, const WriteOptions& options = {});

  /// The same from rows.
  template <typename Row>
  Result<WriteReceipt> write(std::span<const Row> rows, const WriteOptions& options = {});

  /// Sends the waiting rows and returns when everything written before is stored. Errors: kTimeout, with the
  /// store's last error; the rows stay with the writer.
  Result<void> flush(std::chrono::milliseconds timeout);

  /// Calls flush() and then stops. On an error the writer has stopped too: rows that were not stored are in
  /// the spool, or lost when there is none, and the message says how many.
  Result<void> close(std::chrono::milliseconds timeout);

  WriterMetrics metrics() const;

 private:
  class State;
  friend struct WriterOnDisk;
  explicit Writer(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra
