#include <algorithm>

#include "batch_reader.hpp"
#include "column_sink.hpp"
#include "optiinfra/c_interface/arrow.hpp"

namespace optiinfra::python {
namespace {

using c_interface::Failure;

/// Rows of one batch. Dicts that a program makes in a loop have the same keys in the same order, so the
/// columns of the row before are tried first.
class RowTaker {
 public:
  explicit RowTaker(AnyBatch& batch) : family_(kFamilies[batch.index()]), sinks_(sinks_of(batch)) {
    required_ = static_cast<std::size_t>(
        std::ranges::count_if(sinks_, [](const auto& sink) { return sink->is_required(); }));
  }

  /// False: a Python error is set, or `failure` says why. `row` counts from the batch's first.
  bool take(PyObject* dict, std::size_t row, std::optional<Failure>& failure) {
    Py_ssize_t position = 0;
    PyObject *key = nullptr, *value = nullptr;
    std::size_t required = 0, place = 0;
    while (PyDict_Next(dict, &position, &key, &value) != 0) {
      ColumnSink* const sink = sink_of(key, place++);
      if (sink == nullptr) return refuse_key(key, row, failure);
      const Ref kept = Ref::borrow(value);
      if (!sink->put(value, row)) {
        if (auto refusal = sink->take_refusal()) failure = Failure(*std::move(refusal));
        return false;
      }
      if (sink->is_required()) ++required;
    }
    return required == required_ || refuse_missing(row, failure);
  }

  void finish(std::size_t rows) {
    for (const auto& sink : sinks_)
      if (sink->size() > 0) sink->pad(rows);
  }

  void reserve(std::size_t rows) {
    for (const Expected& each : expected_) each.sink->reserve(rows);
  }

 private:
  struct Expected {
    Ref key;
    ColumnSink* sink;
  };

  ColumnSink* sink_of(PyObject* key, std::size_t place) {
    if (place < expected_.size() && expected_[place].key.get() == key) return expected_[place].sink;
    ColumnSink* const sink = find(key, place);
    if (sink == nullptr) return nullptr;
    if (place >= expected_.size()) {
      expected_.push_back({Ref::borrow(key), sink});
    } else {
      expected_[place] = {Ref::borrow(key), sink};
    }
    return sink;
  }

  /// Keys that are equal and another object each time, as those of a parser, are compared with the row
  /// before.
  ColumnSink* find(PyObject* key, std::size_t place) const {
    if (!PyUnicode_Check(key)) return nullptr;
    if (place < expected_.size() && is_name(key, *expected_[place].sink)) return expected_[place].sink;
    const auto found = std::ranges::find_if(sinks_, [&](const auto& sink) { return is_name(key, *sink); });
    return found == sinks_.end() ? nullptr : found->get();
  }
  static bool is_name(PyObject* key, const ColumnSink& sink) {
    return PyUnicode_CompareWithASCIIString(key, sink.definition().name) == 0;
  }

  bool refuse_key(PyObject* key, std::size_t row, std::optional<Failure>& failure) const {
    std::string name;
    if (!PyUnicode_Check(key) || !utf8_of(key, name)) {
      PyErr_Clear();
      name = shown(key);
    }
    Failure refused(c_interface::unknown_column(family_, name));
    refused.at = RefusedValue{row, name, "a key", "a column of the family"};
    failure = std::move(refused);
    return false;
  }

  bool refuse_missing(std::size_t row, std::optional<Failure>& failure) const {
    for (const auto& sink : sinks_) {
      if (!sink->is_required() || sink->size() > row) continue;
      failure = Failure(RefusedValue{row, sink->definition().name, "nothing", "given"});
      return false;
    }
    return true;
  }

  const Family family_;
  std::vector<std::unique_ptr<ColumnSink>> sinks_;
  std::vector<Expected> expected_;
  std::size_t required_ = 0;
};

class RowsReader final : public BatchReader {
 public:
  explicit RowsReader(PyObject* list) : list_(Ref::borrow(list)) {}

  bool next(AnyBatch& batch) override {
    const std::size_t begin = done_;
    const std::size_t rows =
        std::min(static_cast<std::size_t>(PyList_Size(list_.get())) - begin, kInsertRowsMax);
    RowTaker taker(batch);
    for (std::size_t row = 0; row < rows; ++row) {
      const Ref dict = dict_at(begin + row);
      if (!dict || !taker.take(dict.get(), row, failure_)) {
        if (failure_) shift_row(*failure_, begin);
        return false;
      }
      if (row == 0) taker.reserve(rows);
    }
    taker.finish(rows);
    done_ = begin + rows;
    return true;
  }

 private:
  /// Empty with a Python error, or with failure_.
  Ref dict_at(std::size_t row) {
    PyObject* const item = PyList_GetItem(list_.get(), static_cast<Py_ssize_t>(row));
    if (item == nullptr) return {};
    if (PyDict_Check(item)) return Ref::borrow(item);
    Ref dict(PyDict_New());
    if (dict && PyMapping_Check(item) != 0 && !PyUnicode_Check(item) && PyDict_Update(dict.get(), item) == 0)
      return dict;
    PyErr_Clear();
    fail(invalid_argument("row " + std::to_string(row) + " is a " + type_name(item) + ", not a dict"));
    return {};
  }

  const Ref list_;
  std::size_t done_ = 0;
};

}  // namespace

std::unique_ptr<BatchReader> read_rows(PyObject* list) { return std::make_unique<RowsReader>(list); }

}  // namespace optiinfra::python
