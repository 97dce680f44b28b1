/// @file optiinfra/schema/placement.hpp
/// Decides which shard of a cluster holds a row. Both the client, which inserts straight into a shard, and
/// the engine's Distributed tables use this definition.
///
/// A row's text key is the text of its customer_id, a slash, and the text of its placement column. The
/// key's XXH64 (seed 0) modulo the sum of the shards' weights is a slot; the first shard has as many of
/// the first slots as its weight, the second the next, and so on. All rows of one key of a rollup have the
/// same text key, so every rollup row is made on one shard, of all of its raw rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// The column that, together with customer_id, decides a row's shard: "service_name" of cost, "service_id" of
/// performance and quality, "instance_id" of resources. Part of the rollup's key.
const char* placement_column(Family family);

/// The hash as SQL over columns of the family's raw table or of its rollup; also the sharding key of its
/// Distributed tables, written exactly as the engine prints it.
std::string placement_expression(Family family);

/// The hash of a row. `text` is the placement column's value: a name, or a UUID in lower case.
std::uint64_t placement_hash(const Uuid& customer_id, std::string_view text);

/// A range of slots: `first` is included, `last` is not.
struct SlotRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  friend bool operator==(const SlotRange&, const SlotRange&) = default;
};

/// From hash to shard, for shards in the order of their cluster's definition.
class Placement {
 public:
  /// Errors: kInvalidArgument when no shard has a weight.
  static Result<Placement> of_weights(std::span<const std::uint32_t> weights);

  std::size_t shard_count() const noexcept { return ends_.size(); }
  std::uint64_t slot_count() const noexcept { return ends_.back(); }

  /// Empty for a shard of weight 0, which gets no rows.
  SlotRange slots_of(std::size_t shard) const noexcept;

  /// The index of the shard, from 0.
  std::size_t shard_of(std::uint64_t hash) const noexcept;

 private:
  explicit Placement(std::vector<std::uint64_t> ends) : ends_(std::move(ends)) {}
  std::vector<std::uint64_t> ends_;  ///< Of each shard's slots.
};

/// The shard of each row of `batch`.
template <typename Row>
std::vector<std::uint32_t> shards_of(const Batch<Row>& batch, const Placement& placement);

/// The same for a block of the family's raw table or rollup. Errors: kInvalidArgument when it lacks the
/// columns that place a row.
Result<std::vector<std::uint32_t>> shards_of(const Block& block, Family family, const Placement& placement);

}  // namespace optiinfra
