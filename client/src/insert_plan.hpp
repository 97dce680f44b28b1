/// From a batch to the blocks that are sent: one partition each, sorted as the table is.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

/// Rows of a batch in the order in which the table keeps them, cut where a block ends.
struct InsertPlan {
  std::vector<std::uint32_t> rows;      ///< Indexes into the batch.
  std::vector<std::size_t> block_ends;  ///< Ends in `rows`; each block lies in one partition (a UTC day).
};

/// Plans `batch` without the rows in `left_out` (ascending). Equal batches give equal plans, so that a
/// retry with the same token repeats the same blocks.
template <typename Row>
InsertPlan plan_insert(const Batch<Row>& batch, std::span<const std::uint32_t> left_out);

/// The part of `plan` for each of `shard_count` shards, in the plan's order and with its block borders.
/// `shard_of_row` says of each row of the batch where it belongs.
std::vector<InsertPlan> split_by_shard(const InsertPlan& plan, std::span<const std::uint32_t> shard_of_row,
                                       std::size_t shard_count);

/// The block of the rows that `rows` names, in that order. It takes the memory of `spare`, a block that
/// nobody needs, where that has columns alike.
template <typename Row>
Block gather_block(const Batch<Row>& batch, std::span<const std::uint32_t> rows, Block spare = {});

/// The same of a block.
Block gather_block(const Block& block, std::span<const std::uint32_t> rows, Block spare = {});

}  // namespace optiinfra
