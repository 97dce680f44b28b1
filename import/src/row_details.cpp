#include "row_details.hpp"

#include <nlohmann/json.hpp>

#include "conversion.hpp"

namespace optiinfra {
namespace {

using Json = nlohmann::ordered_json;

Json parse_details(std::string_view text) {
  Json details = Json::parse(text, nullptr, false);
  if (!details.is_object()) details = Json::object();
  return details;
}

std::string expected(std::span<const ColumnDefinition> columns, std::string_view name) {
  for (const ColumnDefinition& column : columns) {
    if (name == column.name) return expected_text(column);
  }
  return "of the type that the map states";
}

std::string shown(const Json& value) {
  constexpr std::size_t kShownMax = 80;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "...";
  return text;
}

/// Collects the refused values of one row, each column once.
class Reasons {
 public:
  void add(const std::string& column, Json value, const std::string& rule) {
    for (const Json& refused : refused_) {
      if (refused["column"] == column) return;
    }
    text_ += (text_.empty() ? "" : "; ") + column + ": " + shown(value) + " must be " + rule;
    refused_.push_back({{"column", column}, {"value", std::move(value)}, {"rule", rule}});
  }
  void add_shape(const std::string& shape) { text_ += (text_.empty() ? "" : "; ") + ("the row " + shape); }

  std::string& text() { return text_; }
  Json& refused() { return refused_; }

 private:
  std::string text_;
  Json refused_ = Json::array();
};

std::vector<std::string> names(const Json& details, const char* key) {
  std::vector<std::string> result;
  if (const auto found = details.find(key); found != details.end() && found->is_array()) {
    for (const Json& name : *found) {
      if (name.is_string()) result.push_back(name.get<std::string>());
    }
  }
  return result;
}

Json member(const Json& details, const char* key, const std::string& name) {
  if (const auto found = details.find(key);
      found != details.end() && found->is_object() && found->contains(name))
    return (*found)[name];
  return nullptr;
}

}  // namespace

std::string rejected_line(std::optional<std::uint64_t> line, std::uint64_t row, std::string_view text,
                          std::span<const RefusedValue> broken, std::span<const ColumnDefinition> columns) {
  const Json details = parse_details(text);
  Reasons reasons;
  const std::string shape = details.value("shape", "");
  if (!shape.empty()) {
    // A row out of shape has no columns to speak of.
    reasons.add_shape(shape);
  } else {
    for (const std::string& name : names(details, "misread"))
      reasons.add(name, member(details, "raw", name), "of the type that the map states");
    for (const std::string& name : names(details, "inconvertible"))
      reasons.add(name, member(details, "values", name), expected(columns, name));
    for (const std::string& name : names(details, "absent"))
      reasons.add(name, member(details, "values", name), "given");
    for (const RefusedValue& value : broken) {
      Json original = member(details, "values", value.column);
      reasons.add(value.column, original.is_null() ? Json(value.value) : std::move(original), value.rule);
    }
  }
  Json result = Json::object();
  if (line) result["line"] = *line;
  result["row"] = row;
  result["reason"] = reasons.text();
  result["refused"] = std::move(reasons.refused());
  if (const auto raw = details.find("raw"); raw != details.end()) result["raw"] = *raw;
  return result.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::uint64_t row_of_rejected_line(std::string_view line) {
  const Json parsed = Json::parse(line, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("row") || !parsed["row"].is_number_unsigned()) return 0;
  return parsed["row"].get<std::uint64_t>();
}

}  // namespace optiinfra
