/// Converts a Python object to a number, an identifier or a time. The GIL is held. No function leaves a
/// Python error set unless its comment says so.
#pragma once

#include "python.hpp"
//
#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "optiinfra/core/uuid.hpp"

namespace optiinfra::python {

/// Imports what values are compared with. False with a Python error.
bool prepare_values();

/// None, or pandas' NA and NaT.
bool is_missing(PyObject* value);

/// monostate: no number, or one that no integer of 64 bits holds.
using Number = std::variant<std::monostate, std::int64_t, std::uint64_t, double>;
/// From int, float, bool where `bool_too`, numpy's scalars, and what has __float__.
Number number_of(PyObject* value, bool bool_too);

/// From uuid.UUID, or its text.
std::optional<Uuid> uuid_of(PyObject* value);

/// Seconds since 1970 of a datetime (a naive one is UTC, which is warned of once), a numpy.datetime64, or a
/// text that parse_time takes. nullopt: none, or with a Python error: the warning is one.
std::optional<std::int64_t> seconds_of(PyObject* value);

/// The text of a str without memory of its own, where it is short and ASCII.
class ShortText {
 public:
  /// False where it is longer, or not ASCII.
  bool read(PyObject* text) {
    constexpr Py_ssize_t kMax = 64;
    const Py_ssize_t size = PyUnicode_GetLength(text);
    if (size > kMax || PyUnicode_AsUCS4(text, wide_.data(), kMax, 0) == nullptr) {
      PyErr_Clear();
      return false;
    }
    Py_UCS4 all = 0;
    for (Py_ssize_t i = 0; i < size; ++i) {
      all |= wide_[static_cast<std::size_t>(i)];
      narrow_[static_cast<std::size_t>(i)] = static_cast<char>(wide_[static_cast<std::size_t>(i)]);
    }
    size_ = static_cast<std::size_t>(size);
    return all < 0x80;
  }
  std::string_view text() const { return {narrow_.data(), size_}; }

 private:
  std::array<Py_UCS4, 64> wide_;
  std::array<char, 64> narrow_;
  std::size_t size_ = 0;
};

}  // namespace optiinfra::python
