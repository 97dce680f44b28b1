#include "functions.hpp"
//
#include <exception>
#include <new>

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
  return raise(invalid_argument(shown(value) + " is not a time: give a datetime, or text such as "
                                               "'2026-03-01T12:30:05Z' or 'now-24h'"));
}

/// No exception of C++ leaves the module.
template <PyCFunction kFunction>
PyObject* guarded(PyObject* self, PyObject* arguments) noexcept {
  try {
    return kFunction(self, arguments);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
    return nullptr;
  }
}

PyMethodDef methods[] = {
    {"set_errors", guarded<set_errors>, METH_O, nullptr},
    {"catalogue", guarded<catalogue>, METH_NOARGS, nullptr},
    {"instant", guarded<instant>, METH_O, nullptr},
    {"open", guarded<open_store>, METH_VARARGS, nullptr},
    {"close", guarded<close_store>, METH_VARARGS, nullptr},
    {"ping", guarded<ping>, METH_VARARGS, nullptr},
    {"insert", guarded<insert>, METH_VARARGS, nullptr},
    {"ask", guarded<ask>, METH_VARARGS, nullptr},
    {"ask_named", guarded<ask_named>, METH_VARARGS, nullptr},
    {"list_names", guarded<list_names>, METH_VARARGS, nullptr},
    {"answer_facts", guarded<answer_facts>, METH_O, nullptr},
    {"answer_rows", guarded<answer_rows>, METH_VARARGS, nullptr},
    {"answer_columns", guarded<answer_columns>, METH_O, nullptr},
    {"answer_stream", guarded<answer_stream>, METH_O, nullptr},
    {"open_writer", guarded<open_writer>, METH_VARARGS, nullptr},
    {"write", guarded<write>, METH_VARARGS, nullptr},
    {"flush_writer", guarded<flush_writer>, METH_VARARGS, nullptr},
    {"close_writer", guarded<close_writer>, METH_VARARGS, nullptr},
    {"writer_metrics", guarded<writer_metrics>, METH_VARARGS, nullptr},
    {"next_messages", guarded<next_messages>, METH_NOARGS, nullptr},
    {"end_messages", guarded<end_messages>, METH_NOARGS, nullptr},
    {"restart_messages", guarded<restart_messages>, METH_NOARGS, nullptr},
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
