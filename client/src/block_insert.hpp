/// Blocks into the parts of a store, each block exactly once.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attempts.hpp"
#include "insert_plan.hpp"
#include "optiinfra/client/trusted_insert.hpp"
#include "optiinfra/store/batch.hpp"
#include "shards.hpp"
#include "spare_blocks.hpp"

namespace optiinfra {

/// The rows of one call that go to one part of the store.
struct PartInsert {
  const InsertRoute* route = nullptr;
  InsertPlan plan;
};

struct BlockInsert {
  const char* table = nullptr;  ///< Without its database.
  /// Of a raw table, whose rows know the token that brought them; none for a rollup.
  std::optional<Family> family = {};
  TokenHistory history = TokenHistory::kNeverTried;
  std::string token;  ///< Of the call; each block has one of its own, made from it.
  Budget budget;
  const LogSink* log = nullptr;
  /// The block of some rows, in the memory of a spare one. Threads: any.
  std::function<Block(std::span<const std::uint32_t>, Block)> gather;
  SpareBlocks* spares = nullptr;
};

/// Parts of a cluster that one call inserts into at the same time.
inline constexpr std::size_t kPartsAtOnceMax = 16;

struct Inserted {
  std::size_t rows = 0;
  std::vector<std::string> query_ids = {};  ///< As InsertReceipt has them.
};

/// Stores every part, several at once. A block whose outcome is unknown is
/// completed from what the raw table has of it while there is time. A part that fails stops there, and the
/// others go on: the error names the parts that are not stored, and is Applied::kUnknown when anything of the
/// call may be.
Result<Inserted> insert_parts(const BlockInsert& insert, const std::vector<PartInsert>& parts);

}  // namespace optiinfra
