/// @file optiinfra/c_interface/arrow.hpp
/// Arrow's C data interface: converts record batches into our columns, and answers into record batches.
#pragma once

#include <optional>

#include "optiinfra.h"
#include "optiinfra/c_interface/failure.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::c_interface {

/// Adds rows `first` to `first + count` of a struct array to `batch`, which must be empty. Refusals count
/// rows from `first`. Errors: a field that is not a column, a missing column that a row must have, an Arrow
/// type that the column does not take, a value that does not fit, a null in a column that must have values.
std::optional<Failure> append_arrow(AnyBatch& batch, const ArrowSchema& schema, const ArrowArray& array,
                                    std::size_t first, std::size_t count);

/// Adds rows of one column, for callers whose columns come from different places. See expect_columns().
std::optional<Failure> append_arrow_column(AnyBatch& batch, const ArrowSchema& field,
                                           const ArrowArray& column, std::size_t first, std::size_t count);

/// A failure when a column that a row must have is missing.
std::optional<Failure> expect_columns(const AnyBatch& batch, std::size_t rows);

/// "'latency' is not a column of performance; did you mean latency_ms?"
Error unknown_column(Family family, std::string_view name);

/// Makes a stream of one record batch of `answer`. Its texts and numbers belong to the stream.
void make_stream(Answer answer, ArrowArrayStream& stream);

}  // namespace optiinfra::c_interface
