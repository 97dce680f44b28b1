/// @file optiinfra/store/reattach.hpp
/// Puts parts that the engine has set aside back into their tables when they are whole after all. The engine
/// sets a whole part aside when one read of it fails at a start, and never tries it again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/transport.hpp"

namespace optiinfra {

/// What became of a part that was set aside.
struct ReattachedPart {
  SetAsidePart part;
  bool is_settled = false;  ///< It is not set aside any more.
  std::uint64_t rows_returned = 0;
  std::string outcome;  ///< "its 1,200 rows are back", or why it stays where it is.
};

/// What to do with a part that cannot be put back.
enum class UnreadablePart {
  kLeave,
  kPutAway,  ///< Its folder goes to `set-aside` in the store's folder, out of the engine's sight, and is
             ///< kept.
};

/// Tries every part that is set aside, except those that somebody detached. Each is attached to a table of
/// its own first, where the engine checks every checksum; its rows that were stored again meanwhile, known by
/// their batch_id, are left out; then the rest moves to its table at once. So each row is there once, also
/// after a kill, after which the next call goes on. Rows without a batch_id, which a client inserted without
/// a token, are taken where no part in use has blocks of theirs; else the part stays.
///
/// Of a rollup's part only hours that were past the retention of their raw rows when it was set aside return;
/// verify() with RepairMode::kRollups rebuilds the others. Always call it after this one.
///
/// `session` must be of the embedded store on this machine, with nobody else at work on it.
/// Errors: those of the engine; kStorage for a folder that cannot be moved.
Result<std::vector<ReattachedPart>> reattach_parts(Transport& session, UnreadablePart unreadable);

}  // namespace optiinfra
