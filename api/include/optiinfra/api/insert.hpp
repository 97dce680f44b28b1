/// @file optiinfra/api/insert.hpp
/// Rows into a store through the HTTP API of a service.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::api {

/// Most bytes of rows that one request sends, unless a single row is longer.
inline constexpr std::size_t kApiRequestBytesMax = std::size_t{16} << 20;

/// A row that the service did not take.
struct RefusedRow {
  std::uint64_t row = 0;  ///< Within the request, from 0.
  std::string column = {};
  std::string reason = {};

  /// "latency_ms: -3 must be 0 or more".
  std::string to_string() const { return (column.empty() ? "" : column + ": ") + reason; }
};

/// What became of the rows of one request.
struct Inserted {
  std::uint64_t accepted = 0, duplicates = 0, rejected = 0;
  std::vector<RefusedRow> refused = {};  ///< The first of the rejected ones.
};

/// How long one call may take, and all of them together.
struct Patience {
  std::chrono::milliseconds call{60'000};
  std::chrono::milliseconds all{60'000};
  /// Waits before the next try; false gives up. Empty: sleeps.
  std::function<bool(std::chrono::milliseconds)> pause = {};
  /// Ends a call that is on its way with kCancelled; the rows may be stored.
  std::stop_token stop = {};
};

/// Sends rows once, however often they have to be sent: while the service is away or full they are sent again
/// with the same key, for up to `patience.all`. Returns when they are stored. A row that breaks a rule is
/// rejected by itself. Errors: those of ApiStore::send_rows; kCorrupt for an answer that no service of ours
/// gives.
Result<Inserted> insert_rows(ApiStore& store, Family family, const std::string& content_type, const Uuid& key,
                             const std::string& body, const Patience& patience = {});

/// Sends a batch, in requests of at most kApiRequestBytesMax. `token` names its rows across retries, as
/// InsertOptions::token does; empty: equal rows of another call count again.
/// Errors: kInvalidArgument with Error::refused for a value that breaks a rule, and then nothing was sent;
/// kRejected for a row that the service did not take by its own rules (a token's customers), when others are
/// stored; those of the service. Applied::kUnknown: some rows may be stored; repeat it with its token.
template <Metric Row>
Result<void> insert_batch(ApiStore& store, const Batch<Row>& batch, const std::string& token,
                          const Patience& patience = {});

#define BEGIN_FAMILY(Name, name)                                                                 \
  extern template Result<void> insert_batch<Name##Metric>(ApiStore&, const Batch<Name##Metric>&, \
                                                          const std::string&, const Patience&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::api
