/// Reads the containers in which Python programs hold rows into batches of a family.
#pragma once

#include "python.hpp"
//
#include <memory>
#include <optional>

#include "optiinfra/c_interface/failure.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::python {

/// Why there is no batch: a failure, or nothing where a Python error is set.
using NoBatch = std::optional<c_interface::Failure>;

/// Counts the row of `failure` from `rows` rows before it.
inline void shift_row(c_interface::Failure& failure, std::size_t rows) {
  if (!failure.at || rows == 0) return;
  failure.at->row += rows;
  failure.error.message = failure.at->to_string();
}

/// Rows of one family, in batches that one insert takes. The GIL is held.
class BatchReader {
 public:
  virtual ~BatchReader() = default;

  /// Fills `batch`, which is empty, with the next rows, at most kInsertRowsMax; leaves it empty at their end.
  /// False: see failure(). Rows of a refused value are counted from the first row of all.
  virtual bool next(AnyBatch& batch) = 0;

  NoBatch take_failure() { return std::move(failure_); }

 protected:
  bool fail(c_interface::Failure failure) {
    failure_ = std::move(failure);
    return false;
  }
  NoBatch failure_;
};

/// A list of dicts or other mappings.
std::unique_ptr<BatchReader> read_rows(PyObject* list);

/// A dict from names to columns: numpy arrays, or sequences of objects.
std::unique_ptr<BatchReader> read_columns(PyObject* dict);

/// A capsule "arrow_array_stream".
std::unique_ptr<BatchReader> read_stream(PyObject* capsule);

/// A tuple of the capsules "arrow_schema" and "arrow_array" of one record batch.
std::unique_ptr<BatchReader> read_record_batch(PyObject* capsules);

}  // namespace optiinfra::python
