// relabel_configs and metric_relabel_configs: rules that change or drop a set of labels.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/text.hpp"

namespace re2 {
class RE2;
}

namespace optiinfra::scrape {

/// A set of labels that rules work on: views of texts that others own or that `texts` holds. A label whose
/// value becomes empty is gone.
struct EditedLabels {
  std::vector<exposition::MetricLabel> labels;
  std::deque<std::string> texts;

  std::string_view get(std::string_view name) const;
  /// Copies both.
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);
  std::string_view keep(std::string_view text) { return texts.emplace_back(text); }
};

enum class RelabelAction {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase
};

/// In the order of the enumerators.
std::vector<std::string> relabel_action_names();

struct RelabelRule {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels;
  std::string separator = ";";
  std::string target_label;
  std::string replacement = "$1";
  std::shared_ptr<const re2::RE2> regex;  ///< Matches whole texts.
};

/// Errors: kInvalidArgument that says what is wrong with the expression.
Result<std::shared_ptr<const re2::RE2>> compile_regex(const std::string& text);

/// False when a rule drops the set.
bool relabel(const std::vector<RelabelRule>& rules, EditedLabels& labels);

}  // namespace optiinfra::scrape
