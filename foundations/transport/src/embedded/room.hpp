/// The free space of a store's disk: what inserts leave to merges, what parts leave to definitions and logs,
/// and the reserve that a store gives up so that space can be freed.
///
///   free, as others see it
///   |----- inserts -----|-- insert floor: merges, mutations --|-- kept: names, definitions, logs --| 0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// The engine reserves no part, of an insert, a merge or a mutation, from the last bytes of the disk: they
/// are for definitions, for the logs of tokens and for what an opening writes. With fewer free, a store is
/// opened for reading only.
inline constexpr std::uint64_t kKeptBytes = std::uint64_t{2} << 20;

/// On top of them, inserts leave a sixteenth of the disk, at most this, so that merges go on and end.
inline constexpr std::uint64_t kInsertFloorBytesMax = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kInsertFloorFraction = 16;

/// Size of the file `reserve` in a store's folder. The engine drops a day's partition with a megabyte above
/// kKeptBytes, and each definition that is written takes a page.
inline constexpr std::uint64_t kReserveBytes = std::uint64_t{8} << 20;

struct Room {
  std::uint64_t free_bytes = 0;  ///< For a process without privileges.
  std::uint64_t total_bytes = 0;
};

/// Of the disk that holds `path`. Errors: kStorage.
Result<Room> room_at(const std::filesystem::path& path);

/// Bytes above kKeptBytes below which inserts are refused.
std::uint64_t insert_floor_bytes(const Room& room);

/// "19.2 MiB"
std::string mebibytes(std::uint64_t bytes);

/// Makes sure that the folder of a store holds its reserve, when the disk has room for it several times over.
void take_reserve(const std::filesystem::path& folder, const Room& room);

/// Frees the reserve. False when there is none. Threads: any, also while the engine runs.
bool give_up_reserve(const std::filesystem::path& folder);

}  // namespace optiinfra::embedded
