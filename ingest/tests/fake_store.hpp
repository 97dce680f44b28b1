/// A store in memory that fails when it is told to: what the writer meets, without an engine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra::testing {

/// What an insert meets.
struct Fault {
  Error error;
  bool is_applied = false;  ///< The rows are stored although the insert fails.
};

/// Keeps the request ids of inserted rows and drops an insert whose token it knows, as the engine does.
/// Threads: any.
class FakeStore : public std::enable_shared_from_this<FakeStore> {
 public:
  /// Called for every insert, in order; what it returns is what the insert meets. It may block.
  std::function<std::optional<Fault>(const InsertStatement&, const Block&)> on_insert;

  std::shared_ptr<Connector> connector();

  std::multiset<std::string> request_ids() const;
  std::size_t insert_count() const;
  std::vector<std::size_t> insert_sizes() const;
  std::set<std::string> tokens() const;

 private:
  friend class FakeSession;
  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block);

  mutable std::mutex mutex_;
  std::set<std::string> tokens_;
  std::multiset<std::string> request_ids_;
  std::vector<std::size_t> insert_sizes_;
};

}  // namespace optiinfra::testing
