#include "column_sink.hpp"

#include "object_value.hpp"
#include "optiinfra/c_interface/fit.hpp"

namespace optiinfra::python {
namespace {

using c_interface::expected;
using c_interface::fit;
using c_interface::kMayBeAbsent;
using c_interface::ValueOf;

/// What the last distinct objects of a column were read as. Labels and identifiers of customers and services
/// are few objects, again and again, and reading one costs ten times as much as finding it here.
template <typename Value>
class KnownObjects {
 public:
  struct Entry {
    Ref object;
    Value value{};
  };

  /// The entry of `object`, or of another one whose place it takes.
  Entry& at(PyObject* object) {
    if (entries_.empty()) entries_.resize(kSize);  // Most columns need none.
    return entries_[reinterpret_cast<std::uintptr_t>(object) / 16 % kSize];
  }

 private:
  static constexpr std::size_t kSize = 256;
  std::vector<Entry> entries_;
};

/// What a column keeps from value to value, by the type of its values.
template <typename Values>
struct Memory {};
template <typename T>
struct Memory<std::vector<T>> {
  KnownObjects<T> known;
};
template <>
struct Memory<Dictionary> {
  KnownObjects<std::uint32_t> known;  ///< Where their texts are in the dictionary.
};

template <typename Values>
class TypedSink final : public ColumnSink {
  using T = typename ValueOf<Values>::Type;

 public:
  TypedSink(Values& values, const ColumnDefinition& definition)
      : ColumnSink(definition), values_(values), is_instant_(c_interface::is_instant(definition)) {}

  std::size_t size() const override { return values_.size(); }

  void reserve(std::size_t rows) override { c_interface::reserve(values_, rows); }

  void pad(std::size_t rows) override {
    while (values_.size() < rows) c_interface::put_absent(values_);
  }

  bool put(PyObject* value, std::size_t row) override {
    pad(row);
    if (value == Py_None) return put_missing(value);
    if constexpr (std::is_same_v<Values, Dictionary>) return put_label(value);
    if constexpr (std::is_same_v<Values, Strings>) return put_text(value);
    if constexpr (std::is_same_v<Values, std::vector<Uuid>>) return put_remembered(value, uuid_of);
    if constexpr (std::is_same_v<Values, std::vector<std::uint32_t>>) {
      if (is_instant_) return put_remembered(value, instant_of);
    }
    if constexpr (std::is_arithmetic_v<T>) return put_number(value);
    return false;
  }

 private:
  static std::optional<std::uint32_t> instant_of(PyObject* value) {
    const auto seconds = seconds_of(value);
    return seconds ? c_interface::fit_instant(*seconds) : std::nullopt;
  }

  bool put_missing(PyObject* value) {
    if (is_required()) return refuse(value, "given");
    c_interface::put_absent(values_);
    return true;
  }

  bool refuse_or_leave_out(PyObject* value) {
    if (PyErr_Occurred() != nullptr) return false;
    return is_missing(value) ? put_missing(value) : refuse(value, expected<Values>(definition()));
  }

  template <typename Read>
  bool put_remembered(PyObject* value, const Read& read) {
    auto& entry = memory_.known.at(value);
    if (entry.object.get() != value) {
      const auto found = read(value);
      if (!found) return refuse_or_leave_out(value);
      entry.value = *found;
      entry.object = Ref::borrow(value);
    }
    values_.push_back(entry.value);
    return true;
  }

  bool put_label(PyObject* value) {
    if constexpr (std::is_same_v<Values, Dictionary>) {
      auto& entry = memory_.known.at(value);
      if (entry.object.get() == value) {
        values_.append_index(entry.value);
        return true;
      }
      if (!PyUnicode_Check(value)) return refuse_or_leave_out(value);
      std::string longer;
      ShortText text;
      const bool is_short = text.read(value);
      if (!is_short && !utf8_of(value, longer)) return refuse_unencodable(value);
      entry.value = values_.intern(is_short ? text.text() : std::string_view(longer));
      entry.object = Ref::borrow(value);
      values_.append_index(entry.value);
      return true;
    }
    return false;
  }

  bool put_text(PyObject* value) {
    if constexpr (std::is_same_v<Values, Strings>) {
      if (!PyUnicode_Check(value)) return refuse_or_leave_out(value);
      std::string longer;
      ShortText text;
      const bool is_short = text.read(value);
      if (!is_short && !utf8_of(value, longer)) return refuse_unencodable(value);
      values_.append(is_short ? text.text() : std::string_view(longer));
      return true;
    }
    return false;
  }

  /// A str with half of a surrogate pair has no UTF-8.
  bool refuse_unencodable(PyObject* value) {
    PyErr_Clear();
    return refuse(value, "text of whole Unicode characters");
  }

  bool put_number(PyObject* value) {
    if constexpr (std::is_arithmetic_v<T>) {
      if (put_plain(value)) return true;
      const Number number = number_of(value, definition().rule == Rule::kFlag);
      if (const auto* real = std::get_if<double>(&number);
          kMayBeAbsent<Values> && real != nullptr && std::isnan(*real))
        return put_missing(value);
      T fitting{};
      const auto fits = [&](auto given) {
        if constexpr (std::is_same_v<decltype(given), std::monostate>)
          return false;
        else
          return fit(given, fitting);
      };
      if (!std::visit(fits, number)) return refuse_or_leave_out(value);
      values_.push_back(fitting);
      return true;
    }
    return false;
  }

  /// What most values are: exactly a float for a floating column, exactly an int that fits for another.
  bool put_plain(PyObject* value) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!Py_IS_TYPE(value, &PyFloat_Type)) return false;
      const double real = PyFloat_AsDouble(value);
      if (std::isnan(real)) return false;
      values_.push_back(static_cast<T>(real));
      return true;
    } else if constexpr (std::is_arithmetic_v<T>) {
      if (!Py_IS_TYPE(value, &PyLong_Type)) return false;
      int overflow = 0;
      const long long integer = PyLong_AsLongLongAndOverflow(value, &overflow);
      if (overflow != 0 || !std::in_range<T>(integer)) return false;
      values_.push_back(static_cast<T>(integer));
      return true;
    }
    return false;
  }

  Values& values_;
  const bool is_instant_;
  Memory<Values> memory_;
};

}  // namespace

bool ColumnSink::refuse(PyObject* value, std::string rule) {
  refusal_ = c_interface::refused(size(), definition_, shown(value), std::move(rule));
  return false;
}

std::vector<std::unique_ptr<ColumnSink>> sinks_of(AnyBatch& batch) {
  std::vector<std::unique_ptr<ColumnSink>> sinks;
  std::visit(
      [&]<typename Row>(Batch<Row>& columns) {
        for_each_column<Row>([&](const auto& access) {
          using Values = std::remove_reference_t<decltype(columns.*access.batch)>;
          sinks.push_back(std::make_unique<TypedSink<Values>>(columns.*access.batch, access.definition));
        });
      },
      batch);
  return sinks;
}

}  // namespace optiinfra::python
