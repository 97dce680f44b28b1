/// Adds Python objects to one column of a batch.
#pragma once

#include "python.hpp"
//
#include <memory>
#include <optional>
#include <vector>

#include "optiinfra/c_interface/failure.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::python {

/// Takes the values of one column. The GIL is held.
class ColumnSink {
 public:
  explicit ColumnSink(const ColumnDefinition& definition) : definition_(definition) {}
  virtual ~ColumnSink() = default;
  ColumnSink(const ColumnSink&) = delete;
  ColumnSink& operator=(const ColumnSink&) = delete;

  const ColumnDefinition& definition() const { return definition_; }
  bool is_required() const { return definition_.presence == Presence::kRequired; }

  virtual std::size_t size() const = 0;
  virtual void reserve(std::size_t rows) = 0;

  /// Leaves the column out of the next rows, until it has `rows`. Not for a column that rows must have.
  virtual void pad(std::size_t rows) = 0;

  /// Adds `value` as that of `row`; rows before it that have none leave the column out. False: a Python error
  /// is set, or take_refusal() says what is wrong with it.
  virtual bool put(PyObject* value, std::size_t row) = 0;

  std::optional<RefusedValue> take_refusal() { return std::move(refusal_); }

 protected:
  /// False, for put() to return.
  bool refuse(PyObject* value, std::string rule);

  std::optional<RefusedValue> refusal_;

 private:
  const ColumnDefinition definition_;
};

/// One for each column of the family of `batch`, in the table's order. They hold references into `batch`.
std::vector<std::unique_ptr<ColumnSink>> sinks_of(AnyBatch& batch);

}  // namespace optiinfra::python
