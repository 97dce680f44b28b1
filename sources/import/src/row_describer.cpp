#include "row_describer.hpp"

#include <nlohmann/json.hpp>

#include "conversion.hpp"

namespace optiinfra {
namespace {

using Json = nlohmann::ordered_json;

/// Deeper values are not taken apart: what is done with them uses the stack once a level.
constexpr std::size_t kDepthMax = 100;
/// Longer rows are not repeated whole.
constexpr std::size_t kRawBytesMax = std::size_t{1} << 20, kRawShownMax = 4096;

bool is_too_deep(std::string_view json) {
  std::size_t depth = 0;
  bool is_in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (is_in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      is_in_text = !is_in_text;
    } else if (!is_in_text && (c == '[' || c == '{')) {
      if (++depth > kDepthMax) return true;
    } else if (!is_in_text && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

/// Discarded when `text` is no JSON or nested too deep.
Json parse(std::string_view text) {
  return is_too_deep(text) ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string shown(const Json& value) {
  constexpr std::size_t kShownMax = 80;
  std::string text = text_of(value);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "...";
  return text;
}

/// The parts of the query's description. What is absent or of another form reads as nothing.
class Description {
 public:
  explicit Description(std::string_view text) : parts_(parse(text)) {}

  std::string shape() const { return at(0).is_string() ? at(0).get<std::string>() : ""; }
  std::uint64_t mask(std::size_t index) const {
    return at(index).is_number_unsigned() ? at(index).get<std::uint64_t>() : 0;
  }
  const Json& value(std::size_t index) const {
    return at(4).is_array() && index < at(4).size() ? at(4)[index] : kNull;
  }
  const Json& raw() const { return at(5); }

 private:
  const Json& at(std::size_t index) const {
    return parts_.is_array() && index < parts_.size() ? parts_[index] : kNull;
  }

  inline static const Json kNull = nullptr;
  Json parts_;
};

/// Collects the refused values of one row, each column once.
class Reasons {
 public:
  void add_shape(const std::string& shape) { text_ = "the row " + shape; }
  void add(const std::string& column, const Json& value, const std::string& rule) {
    for (const Json& refused : refused_) {
      if (refused["column"] == column) return;
    }
    text_ += (text_.empty() ? "" : "; ") + column + ": " + shown(value) + " must be " + rule;
    refused_.push_back({{"column", column}, {"value", value}, {"rule", rule}});
  }

  const std::string& text() const { return text_; }
  const Json& refused() const { return refused_; }

 private:
  std::string text_;
  Json refused_ = Json::array();
};

template <typename Use>
void each_named(std::uint64_t mask, const std::vector<std::string>& names, Use use) {
  for (std::size_t i = 0; i < names.size() && i < 64; ++i) {
    if ((mask >> i & 1) != 0) use(i, names[i]);
  }
}

Json raw_row(const Json& raw, const std::vector<std::string>& names) {
  if (raw.is_object() || (raw.is_array() && names.empty())) {  // An element of a list.
    std::string element = text_of(raw);
    return element.size() > kRawBytesMax ? Json(element.substr(0, kRawShownMax)) : raw;
  }
  if (raw.is_array()) {
    Json row = Json::object();
    for (std::size_t i = 0; i < names.size() && i < raw.size(); ++i) row[names[i]] = raw[i];
    return row;
  }
  if (!raw.is_string()) return nullptr;
  const auto& text = raw.get_ref<const std::string&>();
  if (text.size() > kRawBytesMax || is_too_deep(text)) return text.substr(0, kRawShownMax);
  Json line = Json::parse(text, nullptr, false);
  return line.is_discarded() ? raw : line;
}

}  // namespace

std::string RowDescriber::rejected_line(std::optional<std::uint64_t> line, std::uint64_t row,
                                        std::string_view details,
                                        std::span<const RefusedValue> broken) const {
  const Description description(details);
  const Json raw = raw_row(description.raw(), raw_names);
  Reasons reasons;
  if (const std::string shape = description.shape(); !shape.empty()) {
    reasons.add_shape(shape);  // A row out of shape has no columns to speak of.
  } else {
    each_named(description.mask(1), misread_names, [&](std::size_t, const std::string& name) {
      reasons.add(name, raw.is_object() && raw.contains(name) ? raw[name] : Json(),
                  "of the type that the map states");
    });
    each_named(description.mask(2), given_names, [&](std::size_t i, const std::string& name) {
      for (const ColumnDefinition& column : columns) {
        if (name == column.name) reasons.add(name, description.value(i), expected_text(column));
      }
    });
    // What was misread is absent for that reason.
    if (reasons.refused().empty()) {
      each_named(description.mask(3), given_names, [&](std::size_t i, const std::string& name) {
        reasons.add(name, description.value(i), "given");
      });
    }
    for (const RefusedValue& value : broken) {
      Json original = value.value;
      each_named(~std::uint64_t{0}, given_names, [&](std::size_t i, const std::string& name) {
        if (name == value.column && !description.value(i).is_null()) original = description.value(i);
      });
      reasons.add(value.column, original, value.rule);
    }
  }
  Json result = Json::object();
  if (line) result["line"] = *line;
  result["row"] = row;
  result["reason"] = reasons.text();
  result["refused"] = reasons.refused();
  result["raw"] = raw;
  return text_of(result);
}

std::uint64_t row_of_rejected_line(std::string_view line) {
  const Json parsed = parse(line);
  if (!parsed.is_object() || !parsed.contains("row") || !parsed["row"].is_number_unsigned()) return 0;
  return parsed["row"].get<std::uint64_t>();
}

}  // namespace optiinfra
