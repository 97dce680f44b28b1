#include "functions.hpp"
#include "object_value.hpp"
#include "optiinfra/c_interface/questions.hpp"
#include "raise.hpp"

namespace optiinfra::python {
namespace {

PyObject* catalogue(PyObject*, PyObject*) { return to_python(c_interface::catalogue_json()); }

PyObject* set_errors(PyObject*, PyObject* maker) {
  set_error_maker(maker);
  Py_RETURN_NONE;
}

PyObject* instant(PyObject*, PyObject* value) {
  if (const auto seconds = seconds_of(value)) return PyLong_FromLongLong(*seconds);
  if (PyErr_Occurred() != nullptr) return nullptr;
  return raise(Error{ErrorKind::kInvalidArgument, shown(value) +
                                                      " is no time: give a datetime, or text such as "
                                                      "'2026-03-01T12:30:05Z' or 'now-24h'"});
}

PyMethodDef methods[] = {
    {"set_errors", set_errors, METH_O, nullptr},
    {"catalogue", catalogue, METH_NOARGS, nullptr},
    {"instant", instant, METH_O, nullptr},
    {"open", open_store, METH_VARARGS, nullptr},
    {"close", close_store, METH_VARARGS, nullptr},
    {"ping", ping, METH_VARARGS, nullptr},
    {"insert", insert, METH_VARARGS, nullptr},
    {"ask", ask, METH_VARARGS, nullptr},
    {"ask_named", ask_named, METH_VARARGS, nullptr},
    {"answer_facts", answer_facts, METH_O, nullptr},
    {"answer_rows", answer_rows, METH_O, nullptr},
    {"answer_columns", answer_columns, METH_O, nullptr},
    {"answer_stream", answer_stream, METH_O, nullptr},
    {"open_writer", open_writer, METH_VARARGS, nullptr},
    {"write", write, METH_VARARGS, nullptr},
    {"flush_writer", flush_writer, METH_VARARGS, nullptr},
    {"close_writer", close_writer, METH_VARARGS, nullptr},
    {"writer_metrics", writer_metrics, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

/// One store, one set of caches and one lock for all threads: what another interpreter does not share.
int prepare(PyObject*) {
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
    PyErr_SetString(PyExc_ImportError, "optiinfra works in the main interpreter of a process only");
    return -1;
  }
  return prepare_values() && prepare_answers() ? 0 : -1;
}

PyModuleDef_Slot slots[] = {{Py_mod_exec, reinterpret_cast<void*>(prepare)}, {0, nullptr}};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "optiinfra._native",
                          "The library below the package optiinfra.",
                          0,
                          methods,
                          slots,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace
}  // namespace optiinfra::python

PyMODINIT_FUNC PyInit__native() { return PyModuleDef_Init(&optiinfra::python::definition); }
