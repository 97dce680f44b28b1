/// The store's record of imports: which were begun, how much of each is stored, which are finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// The state of one import. Counts are of the whole file up to `records`.
struct ImportState {
  std::uint64_t records = 0;  ///< Rows of the reading query that were handled; the next block begins here.
  std::uint64_t rows_stored = 0;
  std::uint64_t rows_refused = 0;
  bool finished = false;
  sys_seconds begun;  ///< When the import was begun: the clock against which all of its rows are checked.
};

/// What the tokens of an import's blocks begin with; the block's first record follows. With the time of the
/// beginning, because the engine remembers the tokens of an import that was taken back, and would take the
/// rows of its repetition for known ones.
std::string import_token_start(const Uuid& import_id, sys_seconds begun);

/// The table import_ledger, for one import: a row when it is begun, one after each stored block, the last of
/// them marked as finished. Column `block` holds ImportState::records, `rows` and `refused` the counts up to
/// there.
class Ledger {
 public:
  Ledger(Client& client, Uuid import_id, Family family, std::filesystem::path path)
      : client_(client), import_id_(import_id), family_(family), path_(std::move(path)) {}

  /// Nothing when the import was never begun.
  Result<std::optional<ImportState>> find();

  /// Remembers the state. On success it is found by every later find().
  Result<void> record(const ImportState& state);

 private:
  Client& client_;
  Uuid import_id_;
  Family family_;
  std::filesystem::path path_;
};

}  // namespace optiinfra
