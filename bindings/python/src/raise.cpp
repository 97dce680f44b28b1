#include "raise.hpp"

namespace optiinfra::python {
namespace {
PyObject* error_maker;  // Kept for the process.
}

void set_error_maker(PyObject* maker) {
  Py_XINCREF(maker);
  error_maker = maker;
}

PyObject* raise(const c_interface::Failure& failure, std::size_t rows_stored) {
  const Error& error = failure.error;
  const RefusedValue at = failure.at.value_or(RefusedValue{});
  const Ref kind(to_python(to_string(error.kind))), message(to_python(error.message)),
      column(to_python(at.column)), value(to_python(at.value)), rule(to_python(at.rule));
  const auto row = failure.at ? static_cast<long long>(at.row) : -1LL;
  if (!kind || !message || !column || !value || !rule) return nullptr;
  const Ref exception(PyObject_CallFunction(
      error_maker, "OOiiiLOOOn", kind.get(), message.get(),
      static_cast<int>(error.applied == Applied::kUnknown), static_cast<int>(is_retryable(error)),
      error.server_code, row, column.get(), value.get(), rule.get(), static_cast<Py_ssize_t>(rows_stored)));
  if (exception) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.get())), exception.get());
  return nullptr;
}

}  // namespace optiinfra::python
