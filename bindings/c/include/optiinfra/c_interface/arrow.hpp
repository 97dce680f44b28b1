/// @file optiinfra/c_interface/arrow.hpp
/// Arrow's C data interface: record batches into our columns, answers into record batches.
#pragma once

#include <optional>

#include "optiinfra.h"
#include "optiinfra/c_interface/failure.hpp"
#include "optiinfra/client/question.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::c_interface {

/// Adds rows `first` to `first + count` of a struct array to `batch`, which is empty. Rows are counted from
/// `first` in what is refused. Errors: a field that is no column, a missing column that a row must have, an
/// Arrow type that the column does not take, a value that does not fit, a null where a value must be.
std::optional<Failure> append_arrow(AnyBatch& batch, const ArrowSchema& schema, const ArrowArray& array,
                                    std::size_t first, std::size_t count);

/// Makes a stream of one record batch of `answer`. Its texts and numbers belong to the stream.
void make_stream(Answer answer, ArrowArrayStream& stream);

}  // namespace optiinfra::c_interface
