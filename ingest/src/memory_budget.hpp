/// The memory that the writer's rows may take, shared by all writing threads.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

namespace optiinfra {

/// Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Outcome { kTaken, kFull, kClosed };

  /// Takes `bytes` when they are free by `deadline`. Who came first is served first, so that a large write is
  /// not passed for ever by small ones.
  Outcome take(std::size_t bytes, std::chrono::steady_clock::time_point deadline);
  /// Takes `bytes` at once, free or not.
  void take_beyond_limit(std::size_t bytes);
  void give_back(std::size_t bytes);

  /// Wakes who waits; from here on take() gives kClosed.
  void close();

  std::size_t bytes_max() const noexcept { return bytes_max_; }
  std::size_t bytes_taken() const;

 private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t bytes_taken_ = 0;
  std::uint64_t next_number_ = 0;
  std::deque<std::uint64_t> waiting_;
  bool closed_ = false;
};

}  // namespace optiinfra
