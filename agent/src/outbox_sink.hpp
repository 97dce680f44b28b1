// Rows of sources into an outbox.
#pragma once

#include <string>

#include "optiinfra/agent/outbox.hpp"
#include "optiinfra/collect/source.hpp"

namespace optiinfra::agent {

/// Gathers rows for a few seconds into one request of each family. Threads: one call at a time.
class OutboxSink {
 public:
  /// The outbox must outlive it.
  explicit OutboxSink(Outbox& outbox) : outbox_(outbox) {}

  void add(const collect::CollectedRows& rows);

  /// Puts what has waited long enough, or all with `all`; false when there is nothing of that. Errors: those
  /// of Outbox::put; the rows wait here.
  Result<bool> work(bool all = false);

  /// Whether the last put failed. Rows that are added meanwhile are another request, and take memory.
  bool is_blocked() const noexcept { return is_blocked_; }

  std::uint64_t rows() const noexcept { return rows_; }

 private:
  struct Waiting {
    Family family{};
    std::string lines = {};
    /// The lines of the request that is put now, which are never others: it may be on the disk already.
    std::string request = {};
    Uuid key = {};  ///< Of `request`.
  };

  Result<void> put(Waiting& waiting);

  Outbox& outbox_;
  Waiting resources_{.family = Family::kResource};
  Waiting servings_{.family = Family::kServing};
  collect::MetricSource::Clock::time_point put_ = collect::MetricSource::Clock::now();
  bool is_blocked_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace optiinfra::agent
