#include <algorithm>
#include <string>
#include <vector>

#include "batch_reader.hpp"
#include "column_sink.hpp"
#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::python {
namespace {

using c_interface::Failure;

/// numpy's name of a layout, and Arrow's. Booleans of numpy are bytes.
constexpr std::pair<const char*, const char*> kFormats[] = {
    {"<f8", "g"},       {"<f4", "f"},        {"<i8", "l"},        {"<i4", "i"},
    {"<i2", "s"},       {"|i1", "c"},        {"<u8", "L"},        {"<u4", "I"},
    {"<u2", "S"},       {"|u1", "C"},        {"|b1", "C"},        {"|V16", "w:16"},
    {"<M8[s]", "tss:"}, {"<M8[ms]", "tsm:"}, {"<M8[us]", "tsu:"}, {"<M8[ns]", "tsn:"}};

/// One column of the dict.
struct GivenColumn {
  std::string name;
  Ref owner;                     ///< The numpy array, or a list of objects.
  const char* format = nullptr;  ///< Of a numpy array; nullptr for a list.
  const void* values = nullptr;
  std::size_t rows = 0;
};

/// Reads `array.__array_interface__` where the array is one that Arrow can be laid over: one dimension,
/// without gaps, of a type in kFormats.
bool read_array(PyObject* array, GivenColumn& column) {
  const Ref interface(PyObject_GetAttrString(array, "__array_interface__"));
  if (!interface || !PyDict_Check(interface.get())) return false;
  PyObject* const strides = PyDict_GetItemString(interface.get(), "strides");
  PyObject* const shape = PyDict_GetItemString(interface.get(), "shape");
  PyObject* const data = PyDict_GetItemString(interface.get(), "data");
  PyObject* const type = PyDict_GetItemString(interface.get(), "typestr");
  if (strides != nullptr && strides != Py_None) return false;
  if (shape == nullptr || data == nullptr || type == nullptr || PyTuple_Size(shape) != 1) return false;
  const auto* found = std::ranges::find_if(
      kFormats, [&](const auto& each) { return PyUnicode_CompareWithASCIIString(type, each.first) == 0; });
  if (found == std::end(kFormats)) return false;
  column.format = found->second;
  column.rows = PyLong_AsSize_t(PyTuple_GetItem(shape, 0));
  column.values = PyLong_AsVoidPtr(PyTuple_GetItem(data, 0));
  column.owner = Ref::borrow(array);
  return PyErr_Occurred() == nullptr;
}

class ColumnsReader final : public BatchReader {
 public:
  explicit ColumnsReader(PyObject* dict) : dict_(Ref::borrow(dict)) {}

  bool next(AnyBatch& batch) override {
    if (!is_begun_ && !begin()) return false;
    is_begun_ = true;
    const std::size_t rows = std::min(rows_ - done_, kInsertRowsMax);
    std::vector<std::unique_ptr<ColumnSink>> sinks = sinks_of(batch);
    for (const GivenColumn& column : columns_) {
      if (!(column.format == nullptr ? add_objects(batch, sinks, column, rows)
                                     : add_array(batch, column, rows)))
        return false;
    }
    if (auto failure = c_interface::expect_columns(batch, rows)) return fail_at(*std::move(failure));
    done_ += rows;
    return true;
  }

 private:
  /// Looks at every column.
  bool begin() {
    Py_ssize_t position = 0;
    PyObject *key = nullptr, *value = nullptr;
    while (PyDict_Next(dict_.get(), &position, &key, &value) != 0) {
      GivenColumn column;
      if (!PyUnicode_Check(key) || !utf8_of(key, column.name)) {
        PyErr_Clear();
        return fail(invalid_argument(shown(key) + " is not the name of a column"));
      }
      if (!read_array(value, column) && !read_sequence(value, column)) return false;
      columns_.push_back(std::move(column));
    }
    return expect_equal_lengths();
  }

  bool read_sequence(PyObject* value, GivenColumn& column) {
    PyErr_Clear();
    if (PyUnicode_Check(value) == 0) {
      column.format = nullptr;
      column.owner =
          Ref(PyObject_HasAttrString(value, "tolist") != 0 ? PyObject_CallMethod(value, "tolist", nullptr)
                                                           : PySequence_List(value));
    }
    if (column.owner && PyList_Check(column.owner.get())) {
      column.rows = static_cast<std::size_t>(PyList_Size(column.owner.get()));
      return true;
    }
    PyErr_Clear();
    return fail(invalid_argument("column " + column.name + " is a " + type_name(value) +
                                 ", not a sequence of values"));
  }

  bool expect_equal_lengths() {
    for (const GivenColumn& column : columns_) {
      if (column.rows == columns_.front().rows) continue;
      return fail(invalid_argument("column " + column.name + " has " + std::to_string(column.rows) +
                                   " rows and column " + columns_.front().name + " " +
                                   std::to_string(columns_.front().rows)));
    }
    rows_ = columns_.empty() ? 0 : columns_.front().rows;
    return true;
  }

  bool fail_at(Failure failure) {
    shift_row(failure, done_);
    return fail(std::move(failure));
  }

  bool add_array(AnyBatch& batch, const GivenColumn& column, std::size_t rows) {
    const void* buffers[2] = {nullptr, column.values};
    ArrowSchema field{};
    field.format = column.format;
    field.name = column.name.c_str();
    ArrowArray array{};
    array.length = static_cast<std::int64_t>(column.rows);
    array.n_buffers = 2;
    array.buffers = buffers;
    auto failure = c_interface::append_arrow_column(batch, field, array, done_, rows);
    return !failure || fail_at(*std::move(failure));
  }

  bool add_objects(const AnyBatch& batch, const std::vector<std::unique_ptr<ColumnSink>>& sinks,
                   const GivenColumn& column, std::size_t rows) {
    const auto sink =
        std::ranges::find_if(sinks, [&](const auto& each) { return column.name == each->definition().name; });
    if (sink == sinks.end()) return fail(c_interface::unknown_column(kFamilies[batch.index()], column.name));
    (*sink)->reserve(rows);
    for (std::size_t row = 0; row < rows; ++row) {
      PyObject* const item = PyList_GetItem(column.owner.get(), static_cast<Py_ssize_t>(done_ + row));
      if (item == nullptr) return false;
      const Ref value = Ref::borrow(item);
      if ((*sink)->put(value.get(), row)) continue;
      auto refusal = (*sink)->take_refusal();
      return refusal ? fail_at(*std::move(refusal)) : false;
    }
    return true;
  }

  const Ref dict_;
  std::vector<GivenColumn> columns_;
  bool is_begun_ = false;
  std::size_t rows_ = 0, done_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_columns(PyObject* dict) { return std::make_unique<ColumnsReader>(dict); }

}  // namespace optiinfra::python
