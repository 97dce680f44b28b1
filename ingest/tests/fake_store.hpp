/// A store in memory that fails when it is told to: what the writer meets, without an engine.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::testing {

/// Keeps the request ids of inserted rows and drops an insert whose token it knows, as the engine does.
/// Threads: any.
class FakeStore : public std::enable_shared_from_this<FakeStore> {
 public:
  /// Called for every insert. An error that it returns is the insert's, which then stores nothing. It may
  /// block.
  std::function<std::optional<Error>(const InsertStatement&, const Block&)> on_insert;

  /// Sessions opened so far.
  std::atomic<int> sessions{0};

  std::shared_ptr<Connector> connector();

  std::multiset<std::string> request_ids() const;
  std::size_t insert_count() const;
  std::vector<std::size_t> insert_sizes() const;
  std::uint64_t rows_of(const std::string& token) const;

 private:
  friend class FakeSession;
  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block);

  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> rows_by_token_;
  std::multiset<std::string> request_ids_;
  std::vector<std::size_t> insert_sizes_;
};

}  // namespace optiinfra::testing
