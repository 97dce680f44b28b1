/// The store's record of imports: which were begun, how much of each is stored, which are finished.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// By which numbers the blocks of an import are cut (record_block.hpp), which their tokens tell.
enum class BlockCut {
  kFormer,  ///< By programs that ended a block after 300 days.
  kByDays,
};

/// The state of one import. Counts are of the whole file up to `records`.
struct ImportState {
  std::uint64_t records = 0;  ///< Rows of the reading query that were handled; the next block begins here.
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;
  bool finished = false;
  sys_seconds begun;  ///< When the import was begun: the clock against which all of its rows are checked.
  std::optional<TimeRange> times = {};  ///< Of the rows of the block that is recorded.
  BlockCut cut = BlockCut::kByDays;     ///< Of all blocks, as the program that began it cuts them.
};

/// What an import is made of, as the ledger keeps it in each of its rows.
struct ImportOrigin {
  Uuid id;  ///< FileReport::import_id.
  Family family = Family::kPerformance;
  std::string path;
  std::string delivery = {};        ///< Empty: none.
  std::string map = {};             ///< Its name, as it was given.
  Uuid content = {};                ///< Hash of the file's bytes; nil in ledgers before schema version 10.
  std::uint64_t content_bytes = 0;  ///< How many.
  Uuid reading = {};                ///< Hash of family, format and map: how the bytes become rows.
  Uuid continues = {};              ///< The import whose rows this file begins with; nil: none.
};

/// What the tokens of an import's blocks begin with; the block's first record follows. With the time of the
/// beginning, because the engine remembers the tokens of an import that was taken back, and would take the
/// rows of its repetition for known ones.
std::string import_token_start(const Uuid& import_id, sys_seconds begun, BlockCut cut);

/// What the tokens of an import that a former program began begin with: those of the earliest programs, when
/// the store has rows of a recorded block or of the next one under them, had no time. Reads the batch ids of
/// the raw table.
Result<std::string> former_token_start(Client& client, const ImportOrigin& origin, const ImportState& state);

/// The table import_ledger, for one import: a row when it is begun, one after each stored block, the last of
/// them marked as finished; one more, with 2 in `finished`, when it is about to be taken back. Column `block`
/// holds ImportState::records, `rows` and `refused` the counts up to there, `oldest` and `newest` the times
/// of the block's rows, 1970 without any; `oldest` of the first row is the second 1 of 1970 where blocks are
/// cut by BlockCut::kByDays.
class Ledger {
 public:
  Ledger(Client& client, ImportOrigin origin) : client_(client), origin_(std::move(origin)) {}

  /// Nothing when the import was never begun, or is being taken back.
  Result<std::optional<ImportState>> find();

  /// Remembers that the import begins, with the state that its first block begins with. On success it is
  /// found by every later find(), and so are the states of record().
  Result<void> begin(const ImportState& state);

  /// Remembers the state after a block.
  Result<void> record(const ImportState& state);

  /// Remembers that the import's rows are about to be removed, so that nobody takes what is left for all.
  Result<void> begin_removal(const ImportState& state);

 private:
  Result<void> add(const ImportState& state, std::uint8_t finished, sys_seconds recorded_at);

  Client& client_;
  ImportOrigin origin_;
};

/// In column `finished` of an import that is being taken back.
inline constexpr std::uint8_t kBeingRemoved = 2;

}  // namespace optiinfra
