/// The engine's own limit: the same blocks, sorted as the table is, from its memory into the same tables by
/// INSERT SELECT, with the same settings and tokens. Nothing of it passes through this program's code.
#pragma once

#include "rows.hpp"

namespace optiinfra::benchmark {

/// Puts each batch into a table in the engine's memory.
Result<void> prepare_engine_alone(Client& client, const RowSet& set);

/// Inserts all of them on `threads` sessions. Returns the seconds it took.
Result<double> insert_by_engine_alone(Client& client, const RowSet& set, unsigned threads);

Result<void> forget_engine_alone(Client& client, const RowSet& set);

}  // namespace optiinfra::benchmark
