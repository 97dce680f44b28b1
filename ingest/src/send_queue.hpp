/// Sealed groups on their way to the senders.
#pragma once

#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>

#include "insert_group.hpp"

namespace optiinfra {

/// First in, first out, except for groups that failed: they wait aside until their next attempt, so that
/// one which the store refuses does not hold up the others. Bounded by the memory budget of its groups.
/// Threads: any.
class SendQueue {
 public:
  void push(std::shared_ptr<InsertGroup> group);

  /// The next group that may be sent; waits for one. nullptr after stop().
  std::shared_ptr<InsertGroup> pop();

  /// Makes every pause between attempts end now.
  void hurry();

  void stop();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::shared_ptr<InsertGroup>> groups_;
  bool stopped_ = false;
};

}  // namespace optiinfra
