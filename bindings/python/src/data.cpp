#include "data.hpp"

#include "raise.hpp"

namespace optiinfra::python {
namespace {

/// nullptr with a Python error.
std::unique_ptr<BatchReader> reader_of(PyObject* data) {
  if (PyList_Check(data)) return read_rows(data);
  if (PyDict_Check(data)) return read_columns(data);
  if (PyTuple_Check(data)) return read_record_batch(data);
  return read_stream(data);
}

/// A reader that goes while an exception may be set: what its producer releases it by may be Python.
class OwnedReader {
 public:
  explicit OwnedReader(std::unique_ptr<BatchReader> reader) : reader_(std::move(reader)) {}
  ~OwnedReader() {
    PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
    PyErr_Fetch(&type, &value, &trace);
    reader_.reset();
    PyErr_Restore(type, value, trace);
  }
  OwnedReader(const OwnedReader&) = delete;
  OwnedReader& operator=(const OwnedReader&) = delete;

  BatchReader* get() const { return reader_.get(); }

 private:
  std::unique_ptr<BatchReader> reader_;
};

std::string token_of(const char* token, std::size_t number) {
  return number == 0 || *token == '\0' ? token : token + (":" + std::to_string(number));
}

}  // namespace

PyObject* for_each_batch(const char* family, PyObject* data, const char* token,
                         const std::function<Stored(AnyBatch, std::string)>& store) {
  const auto empty = c_interface::batch_of(family);
  if (!empty) return raise(empty.error());
  const OwnedReader owned(reader_of(data));
  BatchReader* const reader = owned.get();
  if (reader == nullptr) return nullptr;
  std::size_t stored = 0;
  for (std::size_t number = 0;; ++number) {
    AnyBatch batch = *empty;
    if (!reader->next(batch)) {
      const auto failure = reader->take_failure();
      return failure ? raise(*failure, stored) : nullptr;
    }
    const std::size_t rows = c_interface::rows_of(batch);
    if (rows == 0) return PyLong_FromSize_t(stored);
    Stored outcome = store(std::move(batch), token_of(token, number));
    if (!outcome) return nullptr;
    if (*outcome) {
      shift_row(**outcome, stored);
      return raise(**outcome, stored);
    }
    stored += rows;
  }
}

}  // namespace optiinfra::python
