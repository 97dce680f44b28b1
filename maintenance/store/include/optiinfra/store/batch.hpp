/// @file optiinfra/store/batch.hpp
/// Stores a block exactly once, whatever became of earlier attempts: by the engine's own deduplication while
/// that can be trusted, and after that by a look into the raw table, which need not trust anything.
///
/// A block is named by its token. The engine remembers the tokens of a table's last inserts, and every raw
/// row keeps a hash of the token that brought it (`batch_id`) for as long as it is kept itself. So there are
/// two ways to repeat an insert of unknown outcome:
///
/// - Insert again with the token. This holds for kTokenInsertsMax inserts and kTokenAgeMax, while the log of
///   the engine is whole, and costs the insert.
/// - Call complete_block(). This holds as long as raw rows are kept, and costs a look of milliseconds and the
///   insert of what is missing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// Names a batch: 128 bits for the producer, and a number that the producer never gives twice. When the
/// producer keeps both across its own crash, its repeated batch counts once.
struct BatchId {
  Uuid producer;
  std::uint64_t sequence = 0;

  /// The token of the batch's block `index`: "PRODUCER:SEQUENCE:INDEX". The blocks of a batch are numbered
  /// in an order that a retry repeats.
  std::string token(std::uint32_t index) const;

  friend bool operator==(const BatchId&, const BatchId&) = default;
};

/// The insert of one block of one UTC day into a raw table, deduplicated by `token` in the table and its
/// rollup. A repetition with the same bytes stores nothing as long as the engine knows the token.
InsertStatement tokened_insert(std::string table, std::string token,
                               std::chrono::milliseconds timeout = kCallTimeout);

/// A block as it was, or was to be, inserted. Borrows both.
struct BatchBlock {
  Family family;
  const std::string& token;
  const Block& rows;  ///< Of one UTC day, with the raw table's columns; not empty.
};

/// How many rows of `block` the raw table has: all or none, unless something other than an insert changed
/// them. Reads the hashes of one day, and only of the block's customers when those are few.
Result<std::uint64_t> count_stored(Session& session, const BatchBlock& block);

/// What to do when the raw table has some of a block's rows, or more rows of its token than the block has.
/// No insert of ours leaves such a state.
enum class OnMismatch {
  kReport,   ///< kCorrupt, changing nothing.
  kReplace,  ///< They are deleted and the block is stored again.
  /// The block counts as stored: the caller, like a spool, forgets rows of a token one by one, but only after
  /// all of them were stored.
  kAccept,
};

struct CompleteOptions {
  /// When the block was first handed to the store. It matters for rows past their retention: those that
  /// arrived within a day are still there and can be found.
  sys_seconds first_attempt = now();
  OnMismatch on_mismatch = OnMismatch::kReport;
  /// Budget of each insert.
  std::chrono::milliseconds insert_timeout = kCallTimeout;
};

struct CompleteReport {
  std::uint64_t rows_found = 0;     ///< Stored before the call.
  std::uint64_t rows_inserted = 0;  ///< By the call.
  std::uint64_t hours_rebuilt = 0;  ///< Rollup rows that differed from the raw rows.
};

/// Makes sure that `block` is in the raw table once and in the rollup once: waits for attempts that still
/// run on the server, looks, inserts what is missing, and rebuilds the block's rollup hours where they differ
/// from the raw rows. May be repeated, also after a kill at any point.
///
/// Errors: those of the engine, with Applied::kUnknown; repeat the call. kCorrupt, changing nothing, on a
/// mismatch (CompleteOptions). kRejected, changing nothing, when it cannot be known any more whether the rows
/// were stored: they are past the raw table's retention and were first handed over more than a day ago.
/// kInvalidArgument for a block
/// that is empty, of several days or without the columns timestamp and customer_id.
Result<CompleteReport> complete_block(Session& session, const BatchBlock& block,
                                      const CompleteOptions& options = {});

/// Inserts after which a token may be forgotten: the deduplication window, less a margin for inserts
/// in flight.
inline constexpr std::uint64_t kTokenInsertsMax = 9'000;
/// Age at which a token may be forgotten: replicated tables forget by time too, at the earliest (by
/// default) after this.
inline constexpr std::chrono::minutes kTokenAgeMax{50};

/// A number that grows with each insert of a family. Merges and mutations increase it too, so it can grow
/// faster than the inserts but never more slowly.
Result<std::uint64_t> insert_position(Session& session, Family family);

/// Whether the engine still knows the token of an insert first tried when insert_position() was
/// `position_then`, `age` ago. If not, its retry is complete_block(), not the same insert again.
constexpr bool is_token_known(std::uint64_t position_then, std::uint64_t position_now,
                              std::chrono::seconds age) noexcept {
  return position_now >= position_then && position_now - position_then < kTokenInsertsMax &&
         age < kTokenAgeMax;
}

}  // namespace optiinfra::store
