#include "relabel.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace optiinfra::scrape {
namespace {

constexpr int kGroupsMax = 32;
using Groups = std::array<re2::StringPiece, kGroupsMax>;

bool is_group_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '_';
}

bool match(const re2::RE2& regex, std::string_view text, Groups& groups) {
  const int count = std::min(regex.NumberOfCapturingGroups() + 1, kGroupsMax);
  return regex.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::ANCHOR_BOTH,
                     groups.data(), count);
}

std::string_view group_value(const re2::RE2& regex, const Groups& groups, std::string_view name) {
  int index = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || end != name.data() + name.size()) {
    const auto& named = regex.NamedCapturingGroups();
    const auto at = named.find(std::string(name));
    index = at == named.end() ? -1 : at->second;
  }
  if (index < 0 || index >= kGroupsMax || index > regex.NumberOfCapturingGroups()) return {};
  const re2::StringPiece group = groups[static_cast<std::size_t>(index)];
  return group.data() == nullptr ? std::string_view{} : std::string_view(group.data(), group.size());
}

/// Replaces $1, ${1}, $name and ${name} by groups, and $$ by a dollar, as Go's regexp.Expand does.
std::string expand(const re2::RE2& regex, const Groups& groups, std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    const bool has_braces = text.starts_with('{');
    const std::string_view rest = text.substr(has_braces ? 1 : 0);
    const std::size_t size =
        static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_group_letter) - rest.begin());
    if (size == 0 || (has_braces && (size == rest.size() || rest[size] != '}'))) {
      result += '$';
      continue;
    }
    result += group_value(regex, groups, rest.substr(0, size));
    text.remove_prefix(size + (has_braces ? 2 : 0));
  }
  return result;
}

std::string joined_value(const RelabelRule& rule, const EditedLabels& labels) {
  std::string value;
  for (std::size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i != 0) value += rule.separator;
    value += labels.get(rule.source_labels[i]);
  }
  return value;
}

void replace(const RelabelRule& rule, std::string_view value, EditedLabels& labels) {
  Groups groups;
  if (!match(*rule.regex, value, groups)) return;
  const std::string target = expand(*rule.regex, groups, rule.target_label);
  if (target.empty()) return;
  labels.set(target, expand(*rule.regex, groups, rule.replacement));
}

void map_labels(const RelabelRule& rule, EditedLabels& labels) {
  const std::vector<exposition::MetricLabel> before = labels.labels;
  Groups groups;
  for (const exposition::MetricLabel& each : before)
    if (match(*rule.regex, each.name, groups))
      labels.set(expand(*rule.regex, groups, rule.replacement), each.value);
}

void erase_labels(const RelabelRule& rule, bool matching, EditedLabels& labels) {
  Groups groups;
  std::erase_if(labels.labels, [&](const exposition::MetricLabel& each) {
    return match(*rule.regex, each.name, groups) == matching;
  });
}

std::string in_case(std::string_view text, bool upper) {
  std::string result(text);
  for (char& letter : result) {
    if (upper && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    if (!upper && letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

bool apply(const RelabelRule& rule, EditedLabels& labels) {
  Groups groups;
  const std::string value = joined_value(rule, labels);
  switch (rule.action) {
    case RelabelAction::kReplace:
      replace(rule, value, labels);
      break;
    case RelabelAction::kKeep:
      return match(*rule.regex, value, groups);
    case RelabelAction::kDrop:
      return !match(*rule.regex, value, groups);
    case RelabelAction::kKeepEqual:
      return value == labels.get(rule.target_label);
    case RelabelAction::kDropEqual:
      return value != labels.get(rule.target_label);
    case RelabelAction::kLabelMap:
      map_labels(rule, labels);
      break;
    case RelabelAction::kLabelDrop:
      erase_labels(rule, true, labels);
      break;
    case RelabelAction::kLabelKeep:
      erase_labels(rule, false, labels);
      break;
    case RelabelAction::kLowercase:
      labels.set(rule.target_label, in_case(value, false));
      break;
    case RelabelAction::kUppercase:
      labels.set(rule.target_label, in_case(value, true));
      break;
  }
  return true;
}

}  // namespace

std::string_view EditedLabels::get(std::string_view name) const {
  for (const exposition::MetricLabel& each : labels)
    if (each.name == name) return each.value;
  return {};
}

void EditedLabels::set(std::string_view name, std::string_view value) {
  if (value.empty()) return erase(name);
  for (exposition::MetricLabel& each : labels) {
    if (each.name != name) continue;
    each.value = keep(value);
    return;
  }
  const std::string_view kept_name = keep(name);
  labels.push_back({kept_name, keep(value)});
}

void EditedLabels::erase(std::string_view name) {
  std::erase_if(labels, [name](const exposition::MetricLabel& each) { return each.name == name; });
}

std::vector<std::string> relabel_action_names() {
  return {"replace",  "keep",      "drop",      "keepequal", "dropequal",
          "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase"};
}

Result<std::shared_ptr<const re2::RE2>> compile_regex(const std::string& text) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  auto regex = std::make_shared<const re2::RE2>(text, options);
  if (!regex->ok())
    return invalid_argument("the regular expression '" + text + "' is wrong: " + regex->error());
  if (regex->NumberOfCapturingGroups() >= kGroupsMax)
    return invalid_argument("the regular expression '" + text + "' has over 31 groups");
  return regex;
}

bool relabel(const std::vector<RelabelRule>& rules, EditedLabels& labels) {
  return std::all_of(rules.begin(), rules.end(),
                     [&](const RelabelRule& rule) { return apply(rule, labels); });
}

}  // namespace optiinfra::scrape
