#include "send_queue.hpp"

#include <algorithm>

namespace optiinfra {
using std::chrono::steady_clock;

void SendQueue::push(std::shared_ptr<InsertGroup> group) {
  {
    const std::lock_guard lock(mutex_);
    groups_.push_back(std::move(group));
  }
  changed_.notify_all();
}

std::shared_ptr<InsertGroup> SendQueue::pop() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    const auto now = steady_clock::now();
    const auto due = std::find_if(groups_.begin(), groups_.end(),
                                  [&](const auto& group) { return group->not_before <= now; });
    if (due != groups_.end()) {
      auto group = std::move(*due);
      groups_.erase(due);
      return group;
    }
    if (groups_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto next = std::min_element(groups_.begin(), groups_.end(), [](const auto& a, const auto& b) {
      return a->not_before < b->not_before;
    });
    // By value: while this waits, another thread may take the group, change its time and end it.
    const steady_clock::time_point due_next = (*next)->not_before;
    changed_.wait_until(lock, due_next);
  }
  return nullptr;
}

void SendQueue::hurry() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& group : groups_) group->not_before = {};
  }
  changed_.notify_all();
}

void SendQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace optiinfra
