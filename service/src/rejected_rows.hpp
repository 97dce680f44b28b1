/// The latest rows that were rejected, for people who look why rows are missing.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "access.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::service {

struct RejectedSample {
  sys_seconds at{};                         ///< When its request was answered.
  std::string path = {};                    ///< Where it was sent: "/api/v1/insert/cost".
  std::string caller = {};                  ///< The token's id.
  std::vector<Uuid> customers = {};         ///< That the token is bound to; empty: to none.
  std::optional<std::uint64_t> index = {};  ///< In its request, from 0; absent where the form has no rows.
  std::string column = {};                  ///< Empty when the reason concerns the whole row.
  std::string reason = {};
};

/// In memory alone: a restart forgets them. Threads: any.
class RejectedRows {
 public:
  /// Later ones push out earlier ones.
  static constexpr std::size_t kKept = 200;
  /// Of one request, so that a sender of nothing but wrong rows leaves those of others.
  static constexpr std::size_t kKeptOfRequest = 10;
  /// Longer columns and reasons are cut, between letters.
  static constexpr std::size_t kTextBytesMax = 300;

  /// Those of one request, in its order; the first kKeptOfRequest are kept.
  void add(std::vector<RejectedSample> samples);

  /// The newest first. A reason may hold a value of the row, so a caller that is bound to customers gets
  /// those of tokens that are bound to no others.
  std::vector<RejectedSample> latest(const Caller& caller) const;

  /// Drops those that may hold a value of the customer: of tokens that are bound to it, and of tokens that
  /// are bound to no customer, which may send rows of any.
  void forget(const Uuid& customer);

 private:
  mutable std::mutex mutex_;
  std::deque<RejectedSample> samples_;  ///< The newest first; at most kKept.
};

}  // namespace optiinfra::service
