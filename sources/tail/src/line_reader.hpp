// One line of a log as JSON of our columns.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "form_rules.hpp"

namespace optiinfra::tail {

class LineReader {
 public:
  using Json = nlohmann::json;
  enum class Kind { kRequest, kOther, kNoJson, kTooDeep };

  /// Both must outlive it.
  LineReader(const LogForm& form, const LineDefaults& defaults);

  /// Adds a line to `body` when it is a request.
  Kind append(std::string_view line, std::string& body);

 private:
  const Json* find(const Json& from, const KeyPath& key);
  const Json* find(const Json& from, const std::vector<KeyPath>& keys);
  const Json* inside(const Json& text);
  std::optional<double> number(const Json& from, const KeyPath& key);
  bool is_request(const Json& line);
  Json value(const Json& from, const ValueRule& rule);
  Json number_of(const Json& from, const ValueRule& rule, const Json& at);
  Json row_of(const Json& line);

  const LogForm::Rules& rules_;
  const LineDefaults& defaults_;
  std::vector<bool> is_text_;                    ///< By the rule's column.
  std::unordered_map<const Json*, Json> texts_;  ///< Texts of the line that are JSON, as such.
  bool is_too_deep_ = false;                     ///< One of them.
};

/// Unix seconds, with their fraction, of a time as parse_time() reads it, or of a number.
std::optional<double> seconds_of(std::string_view text);

}  // namespace optiinfra::tail
