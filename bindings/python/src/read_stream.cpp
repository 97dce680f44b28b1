#include <cstring>
#include <variant>

#include "batch_reader.hpp"
#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/schema/batch_columns.hpp"

namespace optiinfra::python {
namespace {

using c_interface::Failure;

/// Adds the rows of `more`, a batch of the same family, to `batch`.
void append(AnyBatch& batch, AnyBatch more) {
  if (c_interface::rows_of(batch) == 0) {
    batch = std::move(more);
    return;
  }
  std::visit([&]<typename Row>(Batch<Row>& into) { append_batch(into, std::get<Batch<Row>>(more)); }, batch);
}

/// Record batches of any size, put together to batches of kInsertRowsMax rows. Takes the stream out of its
/// capsule.
class StreamReader final : public BatchReader {
 public:
  explicit StreamReader(ArrowArrayStream& stream) : stream_(stream) { stream.release = nullptr; }

  /// Of one record batch.
  StreamReader(ArrowSchema& schema, ArrowArray& array) : schema_(schema), array_(array) {
    schema.release = nullptr;
    array.release = nullptr;
  }

  ~StreamReader() override {
    release_array();
    if (schema_.release != nullptr) schema_.release(&schema_);
    if (stream_.release != nullptr) stream_.release(&stream_);
  }

  /// The GIL is released while values are read: a producer in Python takes it itself.
  bool next(AnyBatch& batch) override {
    const WithoutGil unlocked;
    while (c_interface::rows_of(batch) < kInsertRowsMax) {
      if (!expect_rows()) return false;
      if (is_ended_) return true;
      const std::size_t rows = std::min(kInsertRowsMax - c_interface::rows_of(batch), left());
      AnyBatch more =
          std::visit([](const auto& same) { return AnyBatch(std::decay_t<decltype(same)>{}); }, batch);
      if (auto failure = c_interface::append_arrow(more, schema_, array_, row_, rows)) {
        shift_row(*failure, done_);
        return fail(*std::move(failure));
      }
      append(batch, std::move(more));
      row_ += rows;
      done_ += rows;
    }
    return true;
  }

 private:
  std::size_t left() const {
    return array_.release == nullptr ? 0 : static_cast<std::size_t>(array_.length) - row_;
  }

  /// Makes array_ one with rows, or is_ended_ true.
  bool expect_rows() {
    if (schema_.release == nullptr && stream_.get_schema(&stream_, &schema_) != 0) return fail_as_stream();
    while (left() == 0 && !is_ended_) {
      release_array();
      if (stream_.get_next == nullptr) {
        is_ended_ = true;
        break;
      }
      if (stream_.get_next(&stream_, &array_) != 0) return fail_as_stream();
      is_ended_ = array_.release == nullptr;
      row_ = 0;
    }
    return true;
  }

  bool fail_as_stream() {
    const char* const why = stream_.get_last_error(&stream_);
    return fail(invalid_argument("the Arrow stream failed: " +
                                 std::string(why == nullptr ? "no reason was given" : why)));
  }

  void release_array() {
    if (array_.release != nullptr) array_.release(&array_);
    array_ = {};
  }

  ArrowArrayStream stream_{};
  ArrowSchema schema_{};
  ArrowArray array_{};
  bool is_ended_ = false;
  std::size_t row_ = 0, done_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_stream(PyObject* capsule) {
  auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream == nullptr) return nullptr;
  if (stream->release == nullptr) {
    PyErr_SetString(PyExc_ValueError, "the Arrow stream was read before");
    return nullptr;
  }
  return std::make_unique<StreamReader>(*stream);
}

std::unique_ptr<BatchReader> read_record_batch(PyObject* capsules) {
  PyObject *schema_capsule = nullptr, *array_capsule = nullptr;
  if (PyArg_ParseTuple(capsules, "OO", &schema_capsule, &array_capsule) == 0) return nullptr;
  auto* const schema = static_cast<ArrowSchema*>(PyCapsule_GetPointer(schema_capsule, "arrow_schema"));
  auto* const array = static_cast<ArrowArray*>(PyCapsule_GetPointer(array_capsule, "arrow_array"));
  if (schema == nullptr || array == nullptr) return nullptr;
  if (schema->release == nullptr || array->release == nullptr) {
    PyErr_SetString(PyExc_ValueError, "the Arrow array was read before");
    return nullptr;
  }
  return std::make_unique<StreamReader>(*schema, *array);
}

}  // namespace optiinfra::python
