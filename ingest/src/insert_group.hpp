/// Rows of one family that are sent by one insert call, and what became of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/spool/spool.hpp"

namespace optiinfra {

/// What became of a group. Threads: any.
class Fate {
 public:
  enum class State { kWaiting, kStored, kAbandoned };

  /// Waits until the group no longer waits, at most until `deadline`.
  State wait_until(std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [this] { return state_ != State::kWaiting; });
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

  /// What the store said when the group's insert failed last; empty when it has not.
  std::string last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
  }

  void failed(std::string error) {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(error);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  State state_ = State::kWaiting;
  std::string last_error_;
};

using AnyBatch = std::variant<CostBatch, PerformanceBatch, ResourceBatch, QualityBatch>;

/// Guarded by its stage's mutex while it grows, then by whoever has taken it from the queue; `fate` by
/// itself.
struct InsertGroup {
  explicit InsertGroup(Family of_family) : family(of_family) {
    with_metric(family, [this]<typename Row>() { batch.emplace<typename MetricTraits<Row>::BatchType>(); });
  }

  template <typename Row>
  typename MetricTraits<Row>::BatchType& rows_of() {
    return std::get<typename MetricTraits<Row>::BatchType>(batch);
  }

  const Family family;
  AnyBatch batch;
  std::size_t row_count = 0;
  std::size_t bytes = 0;          ///< Taken from the memory budget.
  std::string token;              ///< Of the insert.
  bool is_synced = false;         ///< Somebody waits for the store to sync these rows.
  std::vector<Sequence> records;  ///< In the spool, ascending.
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point not_before{};  ///< The next attempt.
  int attempts = 0;
  Fate fate;
};

}  // namespace optiinfra
