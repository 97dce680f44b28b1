/// @file optiinfra/client/trusted_insert.hpp
/// Inserts of layers that know more of their rows than a user's program does. Not for users: a claim that is
/// wrong loses rows or counts them twice.
#pragma once

#include <string>

#include "optiinfra/client/client.hpp"

namespace optiinfra {

/// What the caller knows, before an insert, of earlier inserts under the same token.
enum class TokenHistory {
  kUnknown,     ///< Any of the rows may be stored, so the call looks for them. Always right.
  kNeverTried,  ///< No insert was tried, so the call need not look.
  /// The token named more rows than these. The caller, like a spool, forgets rows of a token only after all
  /// of them were stored: when the store has any row of the token and a UTC day, it has them all.
  kRowsForgotten,
};

/// Stores rows that were checked before, by the Writer or by another store, and so are not checked again.
/// Otherwise as Client::insert() with `token`, which must not be empty.
struct TrustedInsert {
  std::string token;
  TokenHistory history = TokenHistory::kUnknown;

  template <Metric Row>
  Result<InsertReceipt> operator()(Client& client, const Batch<Row>& batch) const;
};

}  // namespace optiinfra
