/// A few values of every type that the codec knows, at the borders of its range: the same for the
/// golden bytes, the round trips, the fuzz corpus and the comparison with the engine.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra::testing {

struct Sample {
  const char* name;  ///< Also of its golden file, tests/golden/<name>.hex.
  const char* type;
  ColumnData (*values)();
};

const std::vector<Sample>& samples();

/// GoogleTest's name for it, the same in every run.
inline void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.type; }

/// A block of one column "v" with the sample's values.
Block block_of(const Sample& sample);

/// Whether both hold the same rows, floating point compared by its bits. Dictionaries may number
/// their keys differently; placeholders below a null do not count.
bool same_values(const ColumnData& left, const ColumnData& right);
bool same_blocks(const Block& left, const Block& right);

using Bytes = std::vector<std::byte>;

Bytes encode(const Block& block);

/// All blocks in `bytes`, given to the reader in pieces of at most `piece_bytes`.
Result<std::vector<Block>> decode(const Bytes& bytes, std::size_t piece_bytes = 1 << 20);

/// Pairs of hexadecimal digits, 16 to a line.
std::string to_hex(const Bytes& bytes);

/// The bytes of golden/<name>.hex, where `#` starts a comment. Empty when there is no such file.
Bytes golden(const std::string& name);

}  // namespace optiinfra::testing
