/// Gives the rows of a call's argument batch by batch.
#pragma once

#include "python.hpp"
//
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "batch_reader.hpp"

namespace optiinfra::python {

/// What became of one batch: nothing or a failure; nullopt with a Python error.
using Stored = std::optional<std::optional<c_interface::Failure>>;

/// Hands the rows of `data`, a list, a dict, a stream's capsule or a tuple of a record batch's capsules, to
/// `store` in batches of one insert. The first goes under `token`, each further one under "<token>:<its
/// number>". Returns the number of rows as an int, or nullptr with a Python error.
PyObject* for_each_batch(const char* family, PyObject* data, const char* token,
                         const std::function<Stored(AnyBatch, std::string)>& store);

}  // namespace optiinfra::python
