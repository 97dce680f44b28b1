/// @file optiinfra/store/disk_room.hpp
/// The free space of a store's disk, as the store's own engine counts it: of an embedded store and of a
/// server.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "optiinfra/transport/session.hpp"

namespace optiinfra::store {

struct DiskRoom {
  std::string path;               ///< Of the engine's files, on the machine of the store.
  std::uint64_t free_bytes = 0;   ///< For parts. Less than the system reports: the engine keeps some for
                                  ///< definitions, and running statements have reserved their share.
  std::uint64_t total_bytes = 0;  ///< Of the disk.
  std::uint64_t store_bytes = 0;  ///< Taken by the parts of all tables, those that await removal included.

  /// "the disk of /srv/metrics/engine/ has 3.1 MiB free for parts, of 400.0 MiB; parts of this store take
  /// 210.0 MiB, other files 186.9 MiB"
  std::string to_string() const;
};

/// Errors: those of the query.
Result<DiskRoom> disk_room(Session& session);

/// Succeeds when the disk has `bytes` for the work that `doing` names. Call it before a mutation or a change
/// of a definition: a mutation without room waits silently, and a definition written to a full disk is lost.
/// Errors: kStorage, Applied::kNo, with how much is needed, where, and what uses the disk; those of
/// disk_room.
Result<void> expect_disk_room(Session& session, std::uint64_t bytes, std::string_view doing);

/// Room for statements that write definitions and small parts.
inline constexpr std::uint64_t kStatementBytes = std::uint64_t{2} << 20;

/// Succeeds when the disk has room for a mutation of `table`, a name without database, which rewrites part
/// by part. Errors: as expect_disk_room.
Result<void> expect_room_to_mutate(Session& session, const char* table);

/// `error` with what uses the disk added, when the engine refused something because the disk is full; any
/// other error unchanged. `transport` is the session that the error came from, when it is usable.
Error with_disk_room(Session& session, Error error);

}  // namespace optiinfra::store
