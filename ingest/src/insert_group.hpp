/// Rows of one family that are sent by one insert call, and their state.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "optiinfra/client/trusted_insert.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/spool/request_key.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra {

/// What became of a group. Threads: any.
class Fate {
 public:
  enum class State { kWaiting, kStored, kAbandoned };

  /// Waits at most until `deadline` until the group no longer waits - or, for the impatient, until it waits
  /// for more than time.
  State wait_until(std::chrono::steady_clock::time_point deadline, bool is_impatient) const {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline,
                        [&] { return state_ != State::kWaiting || (is_impatient && needs_help()); });
    return state_;
  }

  State state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  void settle(State state) {
    {
      const std::lock_guard lock(mutex_);
      if (state_ != State::kWaiting) return;
      state_ = state;
    }
    changed_.notify_all();
  }

  /// Why the group is not stored yet: what its insert met last, if it has been tried.
  Error why_not() const {
    const std::lock_guard lock(mutex_);
    Error error = last_error_.value_or(Error{ErrorKind::kTimeout, "the rows have not been sent yet"});
    if (last_error_ && !needs_help()) {
      error.kind = ErrorKind::kTimeout;
      error.message = "the rows are not stored yet; the store last said: " + error.message;
    }
    error.applied = Applied::kUnknown;
    return error;
  }

  void failed(Error error) {
    {
      const std::lock_guard lock(mutex_);
      last_error_ = std::move(error);
    }
    changed_.notify_all();
  }

 private:
  /// No other error passes by itself.
  bool needs_help() const { return last_error_ && !is_retryable(*last_error_); }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  State state_ = State::kWaiting;
  std::optional<Error> last_error_;
};

/// Its stage's mutex guards it while it grows; then the thread that took it from the queue owns it. `fate`
/// guards itself.
struct InsertGroup {
  explicit InsertGroup(Family of_family) : family(of_family) {
    with_metric(family, [this]<typename Row>() { batch.emplace<Batch<Row>>(); });
  }

  /// What a request takes in `requests`, which grows by doubling.
  static constexpr std::size_t kRequestBytes = 2 * sizeof(spool::RequestKey);

  template <typename Row>
  Batch<Row>& rows_of() {
    return std::get<Batch<Row>>(batch);
  }

  /// `bytes_taken` from the memory budget.
  template <typename Row>
  void add(const Batch<Row>& rows, std::size_t bytes_taken, std::optional<spool::Sequence> record,
           const std::optional<spool::RequestKey>& request) {
    append_batch<Row>(rows_of<Row>(), rows);
    row_count += rows.size();
    bytes += bytes_taken;
    if (request) requests.push_back(*request);
    if (!record) return;
    records.push_back(*record);
    last_record = *record;
  }

  const Family family;
  AnyBatch batch;
  std::size_t row_count = 0;
  std::size_t bytes = 0;  ///< Taken from the memory budget.
  std::string token;      ///< Of the insert.
  TokenHistory token_history = TokenHistory::kUnknown;
  std::vector<spool::Sequence> records;         ///< In the spool, ascending.
  std::atomic<spool::Sequence> last_record{0};  ///< The last of them, for any thread.
  std::vector<spool::RequestKey> requests;    ///< Whose rows these are, and whose keys only the spool holds.
  std::optional<std::uint32_t> request_slot;  ///< Guarded by Requests.
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point not_before{};  ///< The next attempt.
  int attempts = 0;
  Fate fate;
};

}  // namespace optiinfra
