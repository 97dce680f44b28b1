/// The engine's own limit: the same blocks, sorted as the table is, from its memory into the same tables by
/// INSERT SELECT, with the same settings and tokens. Nothing of it passes through this program's code. The
/// limit of every client is measured too: the same blocks handed over ready, with nothing left to do for
/// them.
#pragma once

#include "rows.hpp"

namespace optiinfra::benchmark {

/// Puts each batch into a table in the engine's memory.
Result<void> prepare_engine_alone(Client& client, const RowSet& set);

/// Inserts all of them on `threads` sessions.
Result<void> insert_by_engine_alone(Client& client, const RowSet& set, unsigned threads);

/// Each batch as a block that is sorted as the table is, from the engine's memory.
Result<std::vector<Block>> ready_blocks(Client& client, const RowSet& set);

/// Inserts all of them on `threads` sessions.
Result<void> insert_ready_blocks(Client& client, const RowSet& set, const std::vector<Block>& blocks,
                                 unsigned threads);

Result<void> forget_engine_alone(Client& client, const RowSet& set);

}  // namespace optiinfra::benchmark
