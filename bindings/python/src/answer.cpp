#include <algorithm>
#include <memory>

#include "functions.hpp"
#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::python {
namespace {

constexpr const char* kAnswer = "optiinfra.answer";
PyObject *from_timestamp, *utc_zone;  // Kept for the process.

Answer* answer_in(PyObject* capsule) { return static_cast<Answer*>(PyCapsule_GetPointer(capsule, kAnswer)); }

PyObject* time_to_python(sys_seconds time) {
  return PyObject_CallFunction(from_timestamp, "LO", static_cast<long long>(time.time_since_epoch().count()),
                               utc_zone);
}

PyObject* to_python(std::monostate) { return Ref::borrow(Py_None).release(); }
PyObject* to_python(std::uint64_t count) { return PyLong_FromUnsignedLongLong(count); }
PyObject* to_python(double number) { return PyFloat_FromDouble(number); }
PyObject* to_python(const std::string& text) { return python::to_python(std::string_view(text)); }
PyObject* to_python(sys_seconds time) { return time_to_python(time); }

PyObject* cell_to_python(const Cell& cell) {
  return std::visit([](const auto& value) { return to_python(value); }, cell);
}

const char* kind_name(CellKind kind) {
  constexpr const char* kNames[] = {"time", "text", "count", "number"};
  return kNames[static_cast<int>(kind)];
}

Ref columns_of(const Answer& answer) {
  Ref list(PyList_New(0));
  for (const AnswerColumn& column : answer.columns) {
    const Ref fact(Py_BuildValue("(ssss)", column.key.c_str(), column.heading.c_str(), column.unit.c_str(),
                                 kind_name(column.kind)));
    if (!list || !fact || PyList_Append(list.get(), fact.get()) != 0) return {};
  }
  return list;
}

Ref coverage_of(const Answer& answer) {
  Ref dict(PyDict_New());
  for (const Coverage& each : answer.coverage) {
    const Ref rows(PyLong_FromUnsignedLongLong(each.rows));
    if (!dict || !rows || PyDict_SetItemString(dict.get(), table_of(each.family).name, rows.get()) != 0)
      return {};
  }
  return dict;
}

/// The keys of the answer, in the order of its columns.
std::vector<Ref> keys_of(const Answer& answer) {
  std::vector<Ref> keys;
  for (const AnswerColumn& column : answer.columns)
    keys.emplace_back(PyUnicode_InternFromString(column.key.c_str()));
  return keys;
}

}  // namespace

bool prepare_answers() {
  const Ref module(PyImport_ImportModule("datetime"));
  const Ref type(module ? PyObject_GetAttrString(module.get(), "datetime") : nullptr);
  const Ref zone(type ? PyObject_GetAttrString(module.get(), "timezone") : nullptr);
  if (!zone) return false;
  from_timestamp = PyObject_GetAttrString(type.get(), "fromtimestamp");
  utc_zone = PyObject_GetAttrString(zone.get(), "utc");
  return from_timestamp != nullptr && utc_zone != nullptr;
}

PyObject* make_answer(Answer answer) {
  auto owned = std::make_unique<Answer>(std::move(answer));
  PyObject* const capsule =
      PyCapsule_New(owned.get(), kAnswer, [](PyObject* going) { delete answer_in(going); });
  if (capsule != nullptr) owned.release();
  return capsule;
}

PyObject* answer_facts(PyObject*, PyObject* capsule) {
  const Answer* const answer = answer_in(capsule);
  if (answer == nullptr) return nullptr;
  const Ref columns = columns_of(*answer), coverage = coverage_of(*answer);
  const Ref begin(time_to_python(answer->window.begin)), end(time_to_python(answer->window.end));
  if (!columns || !coverage || !begin || !end) return nullptr;
  return Py_BuildValue("(OOOOn)", columns.get(), begin.get(), end.get(), coverage.get(),
                       static_cast<Py_ssize_t>(answer->rows.size()));
}

PyObject* answer_rows(PyObject*, PyObject* arguments) {
  PyObject* capsule = nullptr;
  Py_ssize_t first = 0, most = 0;
  if (PyArg_ParseTuple(arguments, "Onn", &capsule, &first, &most) == 0) return nullptr;
  const Answer* const answer = answer_in(capsule);
  if (answer == nullptr) return nullptr;
  const std::size_t begin = std::min(static_cast<std::size_t>(first), answer->rows.size());
  const std::size_t count = std::min(static_cast<std::size_t>(most), answer->rows.size() - begin);
  const std::vector<Ref> keys = keys_of(*answer);
  Ref rows(PyList_New(static_cast<Py_ssize_t>(count)));
  if (!rows) return nullptr;
  for (std::size_t row = 0; row < count; ++row) {
    Ref dict(PyDict_New());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Ref value(cell_to_python(answer->rows[begin + row][i]));
      if (!dict || !keys[i] || !value || PyDict_SetItem(dict.get(), keys[i].get(), value.get()) != 0)
        return nullptr;
    }
    PyList_SetItem(rows.get(), static_cast<Py_ssize_t>(row), dict.release());
  }
  return rows.release();
}

PyObject* answer_columns(PyObject*, PyObject* capsule) {
  const Answer* const answer = answer_in(capsule);
  if (answer == nullptr) return nullptr;
  Ref dict(PyDict_New());
  for (std::size_t i = 0; i < answer->columns.size(); ++i) {
    const Ref list(PyList_New(static_cast<Py_ssize_t>(answer->rows.size())));
    if (!list) return nullptr;
    for (std::size_t row = 0; row < answer->rows.size(); ++row) {
      PyObject* const value = cell_to_python(answer->rows[row][i]);
      if (value == nullptr || PyList_SetItem(list.get(), static_cast<Py_ssize_t>(row), value) != 0)
        return nullptr;
    }
    if (!dict || PyDict_SetItemString(dict.get(), answer->columns[i].key.c_str(), list.get()) != 0)
      return nullptr;
  }
  return dict.release();
}

PyObject* answer_stream(PyObject*, PyObject* capsule) {
  const Answer* const answer = answer_in(capsule);
  if (answer == nullptr) return nullptr;
  auto stream = std::make_unique<ArrowArrayStream>();
  c_interface::make_stream(*answer, *stream);
  PyObject* const exported = PyCapsule_New(stream.get(), "arrow_array_stream", [](PyObject* going) {
    auto* const held = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(going, "arrow_array_stream"));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
  if (exported == nullptr) {
    stream->release(stream.get());
  } else {
    stream.release();
  }
  return exported;
}

}  // namespace optiinfra::python
