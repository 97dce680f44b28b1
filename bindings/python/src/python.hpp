/// CPython's limited API, with helpers that make it safe to use from C++. Included before anything else.
#pragma once

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x03090000
#include <Python.h>

#include <string>
#include <string_view>
#include <utility>

namespace optiinfra::python {

/// Owns one reference.
class Ref {
 public:
  Ref() = default;
  explicit Ref(PyObject* owned) : object_(owned) {}
  static Ref borrow(PyObject* borrowed) {
    Py_XINCREF(borrowed);
    return Ref(borrowed);
  }
  ~Ref() { Py_XDECREF(object_); }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

/// Lets other Python threads run while it lives.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() { PyEval_RestoreThread(state_); }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

/// The object's text in UTF-8; false with a Python error where it has none.
inline bool utf8_of(PyObject* text, std::string& into) {
  const Ref bytes(PyUnicode_AsUTF8String(text));
  if (!bytes) return false;
  into.assign(PyBytes_AsString(bytes.get()), static_cast<std::size_t>(PyBytes_Size(bytes.get())));
  return true;
}

inline PyObject* to_python(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

/// What Python shows of an object; never fails.
inline std::string shown(PyObject* object) {
  std::string text;
  const Ref repr(PyObject_Repr(object));
  if (!repr || !utf8_of(repr.get(), text)) {
    PyErr_Clear();
    return "a value";
  }
  return text;
}

inline std::string type_name(PyObject* object) {
  std::string text;
  const Ref name(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(object)), "__name__"));
  if (!name || !utf8_of(name.get(), text)) PyErr_Clear();
  return text;
}

}  // namespace optiinfra::python
