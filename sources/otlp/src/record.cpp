#include "record.hpp"

#include <charconv>
#include <cmath>

#include "optiinfra/otlp/decode.hpp"

namespace optiinfra::otlp {
namespace {

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&value)) {
    char text[32];
    const auto [end, code] = std::to_chars(text, text + sizeof text, *number);
    return {text, code == std::errc{} ? end : text};
  }
  return "";
}

std::optional<double> number_of(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value))
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return std::nullopt;
  double number = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, code] = std::from_chars(text->data(), end, number);
  return code == std::errc{} && rest == end && std::isfinite(number) ? std::optional(number) : std::nullopt;
}

}  // namespace

bool Attributes::add(std::string name, Value value) {
  if (values_.size() == kOtlpAttributesMax) return false;
  values_.emplace_back(std::move(name), std::move(value));
  return true;
}

const Value* Attributes::find(std::string_view name) const {
  for (const auto& [each, value] : values_) {
    if (each == name) return &value;
  }
  return nullptr;
}

void Attributes::each(const std::function<void(std::string_view name, std::string value)>& take) const {
  for (const auto& [name, value] : values_) take(name, text_of(value));
}

std::string Attributes::text(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const Value* value = find(name);
    if (value == nullptr) continue;
    if (std::string text = text_of(*value); !text.empty()) return text;
  }
  return "";
}

std::optional<double> Attributes::number(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    const Value* value = find(name);
    if (value == nullptr) continue;
    if (const auto number = number_of(*value)) return number;
  }
  return std::nullopt;
}

Error too_many_records() {
  return {ErrorKind::kTooLarge, "the request has more than " + std::to_string(kOtlpRecordsMax) +
                                    " records; export smaller batches"};
}

Error too_many_attributes() {
  return {ErrorKind::kTooLarge,
          "a record of the request has more than " + std::to_string(kOtlpAttributesMax) + " attributes"};
}

std::string hexadecimal(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 0xF];
  }
  return text;
}

}  // namespace optiinfra::otlp
