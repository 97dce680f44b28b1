/// What the spool holds for the writer: rows of one write, and the group that they belong to
/// (docs/formats/spool.md, "Records of the writer").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra {

struct RowsRecord {
  Family family = Family::kCost;
  std::string group_token;  ///< Records of the same token are sent by one insert.
  Block rows;
};

/// The token's bound: it is a name, not a payload.
inline constexpr std::size_t kGroupTokenBytesMax = 1024;

std::vector<std::byte> encode_rows_record(Family family, std::string_view group_token, const Block& rows);

/// Errors: kCorrupt for bytes that encode_rows_record did not make, kIncompatible for a newer version.
Result<RowsRecord> decode_rows_record(std::span<const std::byte> bytes);

}  // namespace optiinfra
