/// Raises failures as Python exceptions.
#pragma once

#include "python.hpp"
//
#include "optiinfra/c_interface/failure.hpp"

namespace optiinfra::python {

/// The callable that makes the exception of a failure: optiinfra._errors.make.
void set_error_maker(PyObject* maker);

/// Sets the exception of `failure` and returns nullptr, for a function to return. `rows_stored` of the call's
/// rows were stored before.
PyObject* raise(const c_interface::Failure& failure, std::size_t rows_stored = 0);

}  // namespace optiinfra::python
