#include "memory_budget.hpp"

#include <algorithm>

namespace optiinfra {

MemoryBudget::Outcome MemoryBudget::take(std::size_t bytes, std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  const std::uint64_t number = next_number_++;
  waiting_.push_back(number);
  const auto is_my_turn = [&] {
    return closed_ || (waiting_.front() == number && bytes + bytes_taken_ <= bytes_max_);
  };
  const bool in_time = changed_.wait_until(lock, deadline, is_my_turn);
  waiting_.erase(std::find(waiting_.begin(), waiting_.end(), number));
  changed_.notify_all();
  if (closed_) return Outcome::kClosed;
  if (!in_time) return Outcome::kFull;
  bytes_taken_ += bytes;
  return Outcome::kTaken;
}

void MemoryBudget::take_beyond_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_taken_ += bytes;
}

void MemoryBudget::give_back(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    bytes_taken_ -= bytes;
  }
  changed_.notify_all();
}

void MemoryBudget::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

std::size_t MemoryBudget::bytes_taken() const {
  const std::lock_guard lock(mutex_);
  return bytes_taken_;
}

}  // namespace optiinfra
