// Columns that travel without their default values (docs/formats/native.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "optiinfra/codec/column.hpp"
#include "optiinfra/codec/input_buffer.hpp"

namespace optiinfra {

/// Whether values of this layout may travel sparse.
bool can_be_sparse(const ColumnData& data) noexcept;

/// Reads which of `rows` rows hold the values that follow, ascending. Empty after a failure.
std::vector<std::uint32_t> read_sparse_rows(InputBuffer& input, std::uint64_t rows);

/// Moves value i to row at[i] of `rows`, and defaults to all others.
void spread(ColumnData& data, std::span<const std::uint32_t> at, std::uint64_t rows);

}  // namespace optiinfra
