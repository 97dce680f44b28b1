#include "optiinfra/rows/encode.hpp"

#include <charconv>
#include <optional>
#include <type_traits>

namespace optiinfra::rows {
// Named, because the instantiations stand in an included list: see row_builder.hpp.
namespace encoding {

void append_text(std::string& into, std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  into += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      into += c;
      continue;
    }
    into += "\\u00";
    into += kDigits[byte >> 4];
    into += kDigits[byte & 0xF];
  }
  into += '"';
}

template <typename Value>
void append_value(std::string& into, const Value& value) {
  if constexpr (std::is_same_v<Value, Uuid>) {
    append_text(into, value.to_string());
  } else if constexpr (std::is_same_v<Value, sys_seconds>) {
    append_text(into, format_time(value));
  } else if constexpr (std::is_convertible_v<Value, std::string_view>) {
    append_text(into, value);
  } else {
    char digits[32];
    into.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
}

/// Whether a value stands for none: the default of an optional column.
template <typename Value>
bool is_absent(const Value& value, Presence presence) {
  if constexpr (requires { value.has_value(); }) {
    return !value.has_value();
  } else {
    return presence == Presence::kOptional && value == Value{};
  }
}

template <typename Value>
const Value& value_in(const std::optional<Value>& value) {
  return *value;
}
template <typename Value>
const Value& value_in(const Value& value) {
  return value;
}

/// The value of one row, as a row has it: an instant of a batch is a number.
template <typename Value, typename Values>
auto value_of(const Values& values, std::size_t row) {
  if constexpr (std::is_same_v<Value, sys_seconds>) {
    return sys_seconds{std::chrono::seconds{values[row]}};
  } else {
    return values[row];
  }
}

/// `separator` begins as '{'.
template <typename Value>
void append_column(std::string& into, char& separator, const char* name, const Value& value) {
  into += separator;
  separator = ',';
  append_text(into, name);
  into += ':';
  append_value(into, value_in(value));
}

}  // namespace encoding

template <Metric Row>
void append_json_line(std::string& text, const Row& row) {
  char separator = '{';
  for_each_column<Row>([&](const auto& access) {
    const auto& value = row.*access.row;
    if (encoding::is_absent(value, access.definition.presence)) return;
    encoding::append_column(text, separator, access.definition.name, value);
  });
  text += "}\n";
}

template <Metric Row>
void append_json_lines(std::string& text, const Batch<Row>& batch, std::size_t first, std::size_t count) {
  for (std::size_t row = first; row < first + count; ++row) {
    char separator = '{';
    for_each_column<Row>([&](const auto& access) {
      using Value = std::remove_cvref_t<decltype(std::declval<Row>().*access.row)>;
      const auto& values = batch.*access.batch;
      if (values.size() == 0) return;
      const auto value = encoding::value_of<Value>(values, row);
      if (encoding::is_absent(value, access.definition.presence)) return;
      encoding::append_column(text, separator, access.definition.name, value);
    });
    text += "}\n";
  }
}

#define BEGIN_FAMILY(Name, name)                                                                       \
  template void append_json_line<Name##Metric>(std::string&, const Name##Metric&);                     \
  template void append_json_lines<Name##Metric>(std::string&, const Batch<Name##Metric>&, std::size_t, \
                                                std::size_t);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::rows
