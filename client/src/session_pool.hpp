/// Sessions with one store, lent to one call at a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "attempts.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {

class SessionPool {
 public:
  explicit SessionPool(std::shared_ptr<Connector> connector) : connector_(std::move(connector)) {}

  /// A session on loan. Goes back when this does, unless the loan says that it is broken.
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<Session> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), session_(std::move(other.session_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(session_));
    }

    Session& operator*() const noexcept { return *session_; }
    Session* operator->() const noexcept { return session_.get(); }

    /// Drops the session instead of giving it back, when `error` says that it no longer works.
    void settle(const Error& error) {
      if (!error.connection_usable) session_.reset();
    }

   private:
    SessionPool* pool_;
    std::unique_ptr<Session> session_;
  };

  /// Waits for one of kSessionsMax sessions, as long as `budget` allows. Errors: kTimeout, kCancelled, those
  /// of connecting.
  Result<Lease> take(const Budget& budget);

  /// Closes every session: at once, or when its loan ends; no new one is opened before all are closed.
  void reopen();

  std::string description() const { return connector_->description(); }

 private:
  void give_back(std::unique_ptr<Session> session);

  std::shared_ptr<Connector> connector_;
  std::mutex mutex_;
  std::condition_variable_any returned_;
  std::vector<std::unique_ptr<Session>> idle_;
  std::size_t lent_ = 0;
  bool is_reopening_ = false;  ///< Sessions on loan are to be closed.
};

}  // namespace optiinfra
