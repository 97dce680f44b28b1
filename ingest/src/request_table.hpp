/// A compact table of the keys of known requests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "optiinfra/spool/request_key.hpp"

namespace optiinfra {

/// Open addressing, 28 bytes a slot. In shards that grow by little and each by itself: memory stays near what
/// is used, and no call waits for all keys to be moved.
///
/// Threads: one at a time.
class RequestTable {
 public:
  /// Where the rows of a request are; never 0. What it means is the caller's.
  using Place = std::uint32_t;
  static constexpr std::size_t kShards = 64;

  RequestTable();

  struct Found {
    std::uint64_t content = 0;
    Place place = 0;
  };
  std::optional<Found> find(const Uuid& identity) const;

  /// A key that is known keeps its content and moves to `place`.
  void put(const spool::RequestKey& key, Place place);

  /// Forgets what lies at `place`, in one shard.
  void forget(Place place, std::size_t shard);

  std::size_t count_at(Place place) const;
  std::size_t size() const noexcept;
  std::size_t bytes() const noexcept;

 private:
  struct Shard {
    std::vector<Uuid> identities;
    std::vector<std::uint64_t> contents;
    std::vector<Place> places;  ///< 0: free.
    std::size_t used = 0;
  };

  std::uint64_t hash(const Uuid& identity) const noexcept;
  static std::size_t shard_of(std::uint64_t hash) noexcept { return hash >> 58; }
  static std::size_t slot_of(const Shard& shard, std::uint64_t hash, const Uuid& identity) noexcept;
  void resize(Shard& shard, std::size_t slots, Place without);
  void leave(Place place);

  std::uint64_t seed_;  ///< Drawn, so that nobody can choose keys that collide.
  std::array<Shard, kShards> shards_;
  std::unordered_map<Place, std::size_t> counts_;
};

}  // namespace optiinfra
