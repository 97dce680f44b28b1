#include "request_table.hpp"

#include <algorithm>
#include <utility>

namespace optiinfra {
namespace {

constexpr std::size_t kSlotsMin = 32;
/// A shard grows by an eighth when seven eighths of it are used: 32 to 36 bytes a key.
constexpr std::size_t kEighth = 8;
static_assert(RequestTable::kShards == 64, "shard_of takes six bits");

std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31);
}

}  // namespace

RequestTable::RequestTable() : seed_(Uuid::random().low) {}

std::uint64_t RequestTable::hash(const Uuid& identity) const noexcept {
  return mix(mix(identity.high ^ seed_) ^ identity.low);
}

// Of the identity, or free; the shard has one that is free.
std::size_t RequestTable::slot_of(const Shard& shard, std::uint64_t hash, const Uuid& identity) noexcept {
  const std::size_t slots = shard.places.size();
  std::size_t slot = static_cast<std::size_t>((hash & 0xFFFF'FFFFU) * slots >> 32);
  while (shard.places[slot] != 0 && shard.identities[slot] != identity)
    slot = slot + 1 == slots ? 0 : slot + 1;
  return slot;
}

std::optional<RequestTable::Found> RequestTable::find(const Uuid& identity) const {
  const std::uint64_t hashed = hash(identity);
  const Shard& shard = shards_[shard_of(hashed)];
  if (shard.used == 0) return {};
  const std::size_t slot = slot_of(shard, hashed, identity);
  if (shard.places[slot] == 0) return {};
  return Found{shard.contents[slot], shard.places[slot]};
}

void RequestTable::put(const spool::RequestKey& key, Place place) {
  const std::uint64_t hashed = hash(key.identity);
  Shard& shard = shards_[shard_of(hashed)];
  const std::size_t slots = shard.places.size();
  if (shard.used >= slots - slots / kEighth) resize(shard, std::max(kSlotsMin, slots + slots / kEighth), 0);
  const std::size_t slot = slot_of(shard, hashed, key.identity);
  ++counts_[place];
  if (shard.places[slot] != 0) {
    leave(std::exchange(shard.places[slot], place));
    return;
  }
  shard.identities[slot] = key.identity;
  shard.contents[slot] = key.content;
  shard.places[slot] = place;
  ++shard.used;
}

void RequestTable::forget(Place place, std::size_t shard) { resize(shards_[shard], 0, place); }

// To `slots`, or as many as what stays needs; without the keys at `without`.
void RequestTable::resize(Shard& shard, std::size_t slots, Place without) {
  Shard old = std::exchange(shard, {});
  if (slots == 0) {
    const auto gone = static_cast<std::size_t>(std::count(old.places.begin(), old.places.end(), without));
    const std::size_t kept = old.used - gone;
    // Room for some more, or the next key would move all of them again.
    slots = std::max(kSlotsMin, kept + kept / 4);
  }
  shard.identities.resize(slots);
  shard.contents.resize(slots);
  shard.places.resize(slots);
  for (std::size_t from = 0; from < old.places.size(); ++from) {
    if (old.places[from] == 0) continue;
    if (old.places[from] == without) {
      leave(without);
      continue;
    }
    const std::size_t slot = slot_of(shard, hash(old.identities[from]), old.identities[from]);
    shard.identities[slot] = old.identities[from];
    shard.contents[slot] = old.contents[from];
    shard.places[slot] = old.places[from];
    ++shard.used;
  }
}

void RequestTable::leave(Place place) {
  const auto count = counts_.find(place);
  if (--count->second == 0) counts_.erase(count);
}

std::size_t RequestTable::count_at(Place place) const {
  const auto count = counts_.find(place);
  return count == counts_.end() ? 0 : count->second;
}

std::size_t RequestTable::size() const noexcept {
  std::size_t keys = 0;
  for (const Shard& shard : shards_) keys += shard.used;
  return keys;
}

std::size_t RequestTable::bytes() const noexcept {
  constexpr std::size_t kSlotBytes = sizeof(Uuid) + sizeof(std::uint64_t) + sizeof(Place);
  std::size_t slots = 0;
  for (const Shard& shard : shards_) slots += shard.places.capacity();
  return slots * kSlotBytes;
}

}  // namespace optiinfra
