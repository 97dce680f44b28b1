/// A record of the writer in the spool: rows of one write, and the group that they belong to
/// (docs/formats/spool.md, "Records of the writer").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/spool/request_key.hpp"

namespace optiinfra {

/// What a record is of its group.
enum class RecordExtent : std::uint8_t {
  kPart = 0,   ///< Records with the same token, one after the other within the family, are one insert.
  kWhole = 1,  ///< All of it: rows under a token of their producer, who may hand them over again.
};

/// All of a record but its rows.
struct RecordHead {
  Family family = Family::kCost;
  RecordExtent extent = RecordExtent::kPart;
  std::string group_token = {};
  std::optional<spool::RequestKey> request = {};  ///< Whose rows they are.
};

struct RowsRecord {
  RecordHead head;
  Block rows;
};

/// The token's bound: it is a name, not a payload.
inline constexpr std::size_t kGroupTokenBytesMax = 1024;

std::vector<std::byte> encode_rows_record(const RecordHead& head, const Block& rows);

/// Errors: kCorrupt for bytes that encode_rows_record did not make, kIncompatible for a newer version.
Result<RowsRecord> decode_rows_record(std::span<const std::byte> bytes);

/// The same without a look at the rows.
Result<RecordHead> decode_record_head(std::span<const std::byte> bytes);

}  // namespace optiinfra
