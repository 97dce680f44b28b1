#include "optiinfra/store/disk_room.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// The engine's code for a disk that is too full, NOT_ENOUGH_SPACE.
constexpr int kNotEnoughSpace = 243;

std::string mebibytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string DiskRoom::to_string() const {
  const std::uint64_t used_bytes = total_bytes - std::min(total_bytes, free_bytes);
  return "the disk of " + path + " has " + mebibytes(free_bytes) + " free for parts, of " +
         mebibytes(total_bytes) + "; parts of this store take " + mebibytes(store_bytes) + ", other files " +
         mebibytes(used_bytes - std::min(used_bytes, store_bytes));
}

Result<DiskRoom> disk_room(Session& session) {
  // Of several disks parts go to one with room.
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(
          session,
          {.sql = "WITH name IN (SELECT disk_name FROM system.parts WHERE database = {database:String}) AS "
                  "has_parts SELECT path, toString(unreserved_space), toString(total_space), "
                  "toString(ifNull((SELECT sum(bytes_on_disk) FROM system.parts), 0)) FROM system.disks "
                  "WHERE has_parts "
                  "OR name = 'default' ORDER BY has_parts DESC, unreserved_space DESC LIMIT 1",
           .parameters = {{"database", std::string(session.database())}}}));
  if (rows.size() != 1) return Error{ErrorKind::kCorrupt, "the engine reports no disk of its own"};
  return DiskRoom{rows[0][0], number_of(rows[0][1]), number_of(rows[0][2]), number_of(rows[0][3])};
}

Result<void> expect_disk_room(Session& session, std::uint64_t bytes, std::string_view doing) {
  OPTIINFRA_TRY(const DiskRoom room, disk_room(session));
  if (room.free_bytes >= bytes) return {};
  return Error{ErrorKind::kStorage, std::string(doing) + " needs " + mebibytes(bytes) + ", and " +
                                        room.to_string() + "; free some space and repeat the call"};
}

Result<void> expect_room_to_mutate(Session& session, const char* table) {
  OPTIINFRA_TRY(
      const std::uint64_t bytes,
      query_number(session,
                   {.sql = "SELECT toUInt64(max(bytes_on_disk)) FROM system.parts WHERE active "
                           "AND database = {database:String} AND table = {table:String}",
                    .parameters = {{"database", std::string(session.database())}, {"table", table}}}));
  return expect_disk_room(session, bytes + kStatementBytes, "rewriting rows of " + std::string(table));
}

Error with_disk_room(Session& session, Error error) {
  if (error.server_code != kNotEnoughSpace || !error.connection_usable) return error;
  if (const auto room = disk_room(session)) error.message = room->to_string() + ": " + error.message;
  return error;
}

}  // namespace optiinfra::store
