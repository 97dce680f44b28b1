/// @file optiinfra/codec/type.hpp
/// The engine's type names, as far as the Native codec reads and writes them.
#pragma once

#include <string_view>

#include "optiinfra/codec/column.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Longest type name that is read from outside, and deepest nesting in it.
inline constexpr std::size_t kTypeNameBytesMax = 4096;
inline constexpr int kTypeDepthMax = 8;

/// An empty column with the layout that `type` has in the Native format.
///
/// Known: Bool, (U)Int8 to 64, Float32/64, Date, DateTime, DateTime64, UUID, String, Enum8 and Enum16 as
/// their numbers, LowCardinality(String), Nullable(T) of those but the last, SimpleAggregateFunction(f, T).
///
/// Errors: kInvalidArgument that names the type and says how to read such a column all the same.
Result<ColumnData> empty_column(std::string_view type);

}  // namespace optiinfra
