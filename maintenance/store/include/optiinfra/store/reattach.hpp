/// @file optiinfra/store/reattach.hpp
/// Puts parts that the engine has set aside back into their tables when they are whole after all. The engine
/// sets a whole part aside when one read of it fails at a start, and never tries it again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

/// The result for a part that was set aside.
struct ReattachedPart {
  SetAsidePart part;
  bool is_settled = false;  ///< It is not set aside any more.
  std::uint64_t rows_returned = 0;
  std::string outcome;  ///< "its 1,200 rows are back", or why it stays where it is.
};

/// What to do with a part that cannot be put back.
enum class UnreadablePart {
  kLeave,
  kPutAway,  ///< Its folder is moved to `set-aside` in the store's folder, where the engine does not look,
             ///< and kept.
};

/// Tries every part that is set aside, except those that somebody detached. It attaches the part to a table
/// of its own first, where the engine checks every checksum; leaves out rows that were stored again
/// meanwhile, which it recognises by their batch_id; and then moves the rest to the part's table in one step.
/// So each row is there once, also after a kill; the next call then continues. Rows without a batch_id, which
/// a client inserted without a token, return only when no part in use has blocks of that part; else the part
/// stays.
///
/// Of a rollup's part only those hours return that were past the retention of their raw rows when the part
/// was set aside; verify() with RepairMode::kRollups rebuilds the others. Always call it after this one.
///
/// `session` must be of the embedded store on this machine, and nothing else may work on that store.
/// Errors: those of the engine; kStorage for a folder that cannot be moved.
Result<std::vector<ReattachedPart>> reattach_parts(Session& session, UnreadablePart unreadable);

}  // namespace optiinfra::store
