#include "object_value.hpp"

#include "optiinfra/core/time.hpp"

namespace optiinfra::python {
namespace {

/// Kept for the process: the module is never unloaded.
PyObject *uuid_class, *datetime_class, *aware_epoch, *naive_epoch;
PyObject *int_name, *tzinfo_name, *days_name, *seconds_name, *half_width;
bool warned_of_naive = false;

/// Forgets the error of a value that is not what it was tried as. Interrupts and full memory stay.
void forget_error() {
  if (PyErr_ExceptionMatches(PyExc_Exception) != 0) PyErr_Clear();
}

std::optional<std::int64_t> integer_attribute(PyObject* object, PyObject* name) {
  const Ref value(PyObject_GetAttr(object, name));
  if (!value) return std::nullopt;
  const std::int64_t integer = PyLong_AsLongLong(value.get());
  if (integer == -1 && PyErr_Occurred() != nullptr) return std::nullopt;
  return integer;
}

Number integer_of(PyObject* value) {
  int overflow = 0;
  const std::int64_t integer = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow == 0) return integer;
  if (overflow > 0) {
    const std::uint64_t large = PyLong_AsUnsignedLongLong(value);
    if (PyErr_Occurred() == nullptr) return large;
    PyErr_Clear();
  }
  return {};
}

/// What `value.item()` gives: a numpy scalar as Python's own.
Ref plain_scalar(PyObject* value) {
  Ref plain(PyObject_CallMethod(value, "item", nullptr));
  if (!plain) forget_error();
  return plain;
}

/// Most are of the class itself, and this is asked for each value.
bool is_a(PyObject* value, PyObject* type) {
  return reinterpret_cast<PyObject*>(Py_TYPE(value)) == type || PyObject_IsInstance(value, type) == 1;
}

bool warn_of_naive() {
  if (warned_of_naive) return true;
  warned_of_naive = true;
  return PyErr_WarnEx(
             PyExc_UserWarning,
             "optiinfra takes a datetime without a time zone as UTC; datetime.now(timezone.utc) says it",
             2) == 0;
}

/// Seconds from `epoch` to `time`, both naive or both aware.
std::optional<std::int64_t> seconds_between(PyObject* epoch, PyObject* time) {
  constexpr std::int64_t kSecondsPerDay = 86'400;
  const Ref since(PyNumber_Subtract(time, epoch));
  const auto days = since ? integer_attribute(since.get(), days_name) : std::nullopt;
  const auto seconds = days ? integer_attribute(since.get(), seconds_name) : std::nullopt;
  if (seconds) return *days * kSecondsPerDay + *seconds;
  forget_error();
  return std::nullopt;
}

std::optional<std::int64_t> datetime_seconds(PyObject* value) {
  const Ref zone(PyObject_GetAttr(value, tzinfo_name));
  if (!zone) {
    forget_error();
    return std::nullopt;
  }
  if (zone.get() != Py_None) return seconds_between(aware_epoch, value);
  if (is_missing(value) || !warn_of_naive()) return std::nullopt;
  return seconds_between(naive_epoch, value);
}

std::optional<std::int64_t> text_seconds(PyObject* value) {
  std::string text;
  if (!utf8_of(value, text)) {
    PyErr_Clear();
    return std::nullopt;
  }
  const auto time = parse_time(text);
  return time ? std::optional<std::int64_t>(time->time_since_epoch().count()) : std::nullopt;
}

/// A numpy.datetime64, whose item() is a datetime only in units down to microseconds.
Ref datetime_of_numpy(PyObject* value) {
  const Ref in_seconds(PyObject_CallMethod(value, "astype", "s", "datetime64[s]"));
  return in_seconds ? Ref(PyObject_CallMethod(in_seconds.get(), "item", nullptr)) : Ref();
}

bool prepare_epochs(PyObject* module) {
  const Ref zones(PyObject_GetAttrString(module, "timezone"));
  const Ref utc(zones ? PyObject_GetAttrString(zones.get(), "utc") : nullptr);
  if (!utc) return false;
  naive_epoch = PyObject_CallFunction(datetime_class, "iii", 1970, 1, 1);
  aware_epoch = PyObject_CallFunction(datetime_class, "iiiiiiiO", 1970, 1, 1, 0, 0, 0, 0, utc.get());
  return naive_epoch != nullptr && aware_epoch != nullptr;
}

}  // namespace

bool prepare_values() {
  const Ref uuid(PyImport_ImportModule("uuid")), datetime(PyImport_ImportModule("datetime"));
  if (!uuid || !datetime) return false;
  uuid_class = PyObject_GetAttrString(uuid.get(), "UUID");
  datetime_class = PyObject_GetAttrString(datetime.get(), "datetime");
  int_name = PyUnicode_InternFromString("int");
  tzinfo_name = PyUnicode_InternFromString("tzinfo");
  days_name = PyUnicode_InternFromString("days");
  seconds_name = PyUnicode_InternFromString("seconds");
  half_width = PyLong_FromLong(64);
  return uuid_class != nullptr && datetime_class != nullptr && seconds_name != nullptr &&
         prepare_epochs(datetime.get());
}

bool is_missing(PyObject* value) {
  if (value == Py_None) return true;
  if (PyFloat_Check(value) || PyLong_Check(value) || PyUnicode_Check(value)) return false;
  const std::string name = type_name(value);
  return name == "NAType" || name == "NaTType";
}

Number number_of(PyObject* value, bool bool_too) {
  if (PyFloat_Check(value)) return PyFloat_AsDouble(value);
  if (Py_IS_TYPE(value, &PyLong_Type)) return integer_of(value);
  if (PyBool_Check(value)) return bool_too ? Number(std::int64_t{value == Py_True}) : Number();
  if (PyLong_Check(value)) return integer_of(value);
  if (PyUnicode_Check(value)) return {};
  if (const Ref plain = plain_scalar(value); plain) {
    const bool is_known = PyFloat_Check(plain.get()) || PyLong_Check(plain.get());
    return is_known ? number_of(plain.get(), bool_too) : Number();
  }
  if (PyErr_Occurred() != nullptr) return {};
  const double number = PyFloat_AsDouble(value);
  if (number != -1 || PyErr_Occurred() == nullptr) return number;
  forget_error();
  return {};
}

std::optional<Uuid> uuid_of(PyObject* value) {
  if (PyUnicode_Check(value)) {
    ShortText text;
    if (!text.read(value)) return std::nullopt;
    const auto id = Uuid::parse(text.text());
    return id ? std::optional(*id) : std::nullopt;
  }
  if (!is_a(value, uuid_class)) return std::nullopt;
  const Ref whole(PyObject_GetAttr(value, int_name));
  const Ref upper(whole ? PyNumber_Rshift(whole.get(), half_width) : nullptr);
  if (!upper) {
    forget_error();
    return std::nullopt;
  }
  return Uuid{PyLong_AsUnsignedLongLongMask(upper.get()), PyLong_AsUnsignedLongLongMask(whole.get())};
}

std::optional<std::int64_t> seconds_of(PyObject* value) {
  if (PyUnicode_Check(value)) return text_seconds(value);
  if (is_a(value, datetime_class)) return datetime_seconds(value);
  if (type_name(value) != "datetime64") return std::nullopt;
  const Ref plain = datetime_of_numpy(value);
  if (plain && PyObject_IsInstance(plain.get(), datetime_class) == 1)
    return seconds_between(naive_epoch, plain.get());
  if (PyErr_Occurred() != nullptr) forget_error();
  return std::nullopt;
}

}  // namespace optiinfra::python
