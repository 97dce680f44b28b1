#include "session_pool.hpp"

#include "optiinfra/client/client.hpp"

namespace optiinfra {

Result<SessionPool::Lease> SessionPool::take(const Budget& budget) {
  if (budget.timeout.count() <= 0) return invalid_argument("a call's time budget must be positive");
  {
    std::unique_lock lock(mutex_);
    const bool free = returned_.wait_for(lock, budget.stop, budget.timeout,
                                         [this] { return lent_ < kSessionsMax && !is_reopening_; });
    if (budget.stop.stop_requested())
      return Error{ErrorKind::kCancelled, "the caller stopped the call before it had a session"};
    if (!free) {
      return Error{ErrorKind::kTimeout, "all " + std::to_string(kSessionsMax) + " sessions with " +
                                            description() + " stayed busy"};
    }
    ++lent_;
    if (!idle_.empty()) {
      auto session = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(session));
    }
  }
  auto session = connector_->connect();
  if (!session) {
    give_back(nullptr);
    return std::move(session).error();
  }
  return Lease(*this, std::move(session).value());
}

void SessionPool::give_back(std::unique_ptr<Session> session) {
  {
    std::unique_lock lock(mutex_);
    if (is_reopening_) {
      // An embedded engine stops with its last session, which takes a while and must be over before the next.
      lock.unlock();
      session.reset();
      lock.lock();
    }
    --lent_;
    if (session) idle_.push_back(std::move(session));
    if (lent_ == 0) is_reopening_ = false;
  }
  returned_.notify_all();
}

void SessionPool::reopen() {
  std::vector<std::unique_ptr<Session>> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(idle_);
    is_reopening_ = true;
    ++lent_;  // Until they are closed.
  }
  closing.clear();
  give_back(nullptr);
}

}  // namespace optiinfra
