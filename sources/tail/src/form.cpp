#include "optiinfra/tail/form.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "builtin_forms.hpp"
#include "form_rules.hpp"
#include "optiinfra/core/nearest.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::tail {
namespace {

std::vector<std::string> column_names() {
  std::vector<std::string> names;
  for (const ColumnDefinition& column : table_of(Family::kPerformance).columns())
    names.push_back(column.name);
  return names;
}

KeyPath steps_of(const std::string& key) {
  KeyPath steps;
  for (std::size_t begin = 0; begin < key.size();) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    steps.push_back(key.substr(begin, end - begin));
    begin = end + 1;
  }
  return steps;
}

/// Reads the keys of one file. The first failure is kept.
template <typename Rules>
class FormReader {
 public:
  explicit FormReader(std::string_view name) { rules_.name = name; }

  Result<Rules> read(const toml::table& table) {
    read_keys(table, "",
              {{"title", [&](const toml::node& value) { read_text(value, rules_.title); }},
               {"only", [&](const toml::node& value) { read_only(value); }},
               {"within",
                [&](const toml::node& value) {
                  rules_.within.clear();
                  read_paths(value, rules_.within, true);
                }},
               {"columns", [&](const toml::node& value) { read_columns(value); }}});
    if (!failure_ && rules_.columns.empty())
      failure_ = invalid_argument("form " + rules_.name + ": [columns] is missing");
    if (failure_) return *failure_;
    return std::move(rules_);
  }

 private:
  using Readers = std::map<std::string, std::function<void(const toml::node&)>, std::less<>>;

  void fail(const toml::node& at, const std::string& what) {
    if (failure_) return;
    failure_ = invalid_argument("form " + rules_.name + ": line " + std::to_string(at.source().begin.line) +
                                ": " + what);
  }

  void read_keys(const toml::table& table, const std::string& place, const Readers& readers) {
    for (const auto& [key, value] : table) {
      const auto reader = readers.find(key.str());
      if (reader != readers.end()) {
        reader->second(value);
        continue;
      }
      std::vector<std::string> known;
      for (const auto& each : readers) known.push_back(each.first);
      return fail(value, "unknown key '" + std::string(key.str()) + "'" + place +
                             suggestion(std::string(key.str()), known) + "; keys are " + listed(known));
    }
  }

  void read_text(const toml::node& value, std::string& into, bool may_be_empty = false) {
    const auto text = value.value_exact<std::string>();
    if (!text || (text->empty() && !may_be_empty)) return fail(value, "a text in quotes is expected");
    into = *text;
  }

  void read_path(const toml::node& value, KeyPath& into, bool may_be_empty = false) {
    std::string key;
    read_text(value, key, may_be_empty);
    into = steps_of(key);
  }

  void read_path(const toml::node& value, std::optional<KeyPath>& into) { read_path(value, into.emplace()); }

  /// One key, or several.
  void read_paths(const toml::node& value, std::vector<KeyPath>& into, bool may_be_empty = false) {
    const toml::array* const keys = value.as_array();
    if (keys == nullptr) return read_path(value, into.emplace_back(), may_be_empty);
    for (const toml::node& each : *keys) read_path(each, into.emplace_back(), may_be_empty);
    if (into.empty()) fail(value, "the list is empty");
  }

  void read_only(const toml::node& value) {
    const toml::table* const table = value.as_table();
    if (table == nullptr || table->size() != 2)
      return fail(value, "a table is expected: only = {key = \"event_type\", text = \"request_end\"}");
    read_keys(*table, " in 'only'",
              {{"key", [&](const toml::node& node) { read_paths(node, rules_.only_keys); }},
               {"text", [&](const toml::node& node) { read_text(node, rules_.only_text); }}});
  }

  void read_columns(const toml::node& value) {
    const toml::table* const table = value.as_table();
    if (table == nullptr) return fail(value, "a table is expected: [columns]");
    const std::vector<std::string> known = column_names();
    for (const auto& [key, node] : *table) {
      const std::string column(key.str());
      if (std::ranges::find(known, column) == known.end())
        return fail(node,
                    "performance_metrics_ts has no column '" + column + "'" + suggestion(column, known));
      read_values(node, rules_.columns.emplace_back(ColumnRule{column}).values);
    }
  }

  void read_values(const toml::node& value, std::vector<ValueRule>& into) {
    const toml::array* const list = value.as_array();
    if (list == nullptr) return read_value(value, into.emplace_back());
    for (const toml::node& each : *list) read_value(each, into.emplace_back());
    if (list->empty()) fail(value, "the list is empty");
  }

  void read_value(const toml::node& value, ValueRule& into) {
    const toml::table* const table = value.as_table();
    if (table == nullptr) return read_path(value, into.keys.emplace_back());
    const auto path = [this](std::optional<KeyPath>& key) {
      return [this, &key](const toml::node& node) { read_path(node, key); };
    };
    read_keys(*table, "",
              {{"key", [&](const toml::node& node) { read_paths(node, into.keys); }},
               {"scale", [&](const toml::node& node) { read_scale(node, into.scale); }},
               {"since", path(into.since)},
               {"plus", path(into.plus)},
               {"per", path(into.per)},
               {"before", path(into.before)},
               {"if_positive", path(into.if_positive)},
               {"words", [&](const toml::node& node) { read_words(node, into.words); }},
               {"text", [&](const toml::node& node) { read_text(node, into.text.emplace()); }}});
    if (into.keys.empty() == !into.text) fail(value, "either 'key' or 'text' is expected");
    if (!into.words.empty() && into.is_number()) fail(value, "'words' are of texts, the rest is of numbers");
  }

  void read_scale(const toml::node& value, double& into) {
    const auto number = value.value<double>();
    if (!number || !std::isfinite(*number) || *number == 0)
      return fail(value, "a number other than 0 is expected");
    into = *number;
  }

  void read_words(const toml::node& value, std::vector<std::pair<std::string, std::string>>& into) {
    const toml::table* const table = value.as_table();
    if (table == nullptr)
      return fail(value, "a table is expected: words = {abort = \"aborted\", \"*\" = \"ok\"}");
    for (const auto& [pattern, word] : *table)
      read_text(word, into.emplace_back(std::string(pattern.str()), std::string()).second, true);
    // The longest first, so that "*" is what remains.
    std::ranges::stable_sort(into,
                             [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  }

  Rules rules_;
  std::optional<Error> failure_;
};

}  // namespace

Result<LogForm> LogForm::parse(std::string_view toml, std::string_view name) {
  if (toml.size() > kFormBytesMax)
    return invalid_argument("form " + std::string(name) + ": larger than 1 MiB; is this a form?");
  try {
    const toml::table table = toml::parse(toml);
    OPTIINFRA_TRY(Rules rules, FormReader<Rules>(name).read(table));
    return LogForm(std::make_shared<const Rules>(std::move(rules)));
  } catch (const toml::parse_error& error) {
    return invalid_argument("form " + std::string(name) + ": line " +
                            std::to_string(error.source().begin.line) + ": " +
                            std::string(error.description()));
  }
}

Result<LogForm> LogForm::builtin(std::string_view name) {
  std::vector<std::string> names;
  for (const BuiltinForm& each : builtin_forms()) {
    if (each.name == name) return parse(each.toml, name);
    names.emplace_back(each.name);
  }
  return invalid_argument("no form is called '" + shown(name) + "'" + suggestion(name, names) +
                          "; there are " + listed(names) + ", and --form FILE for one of your own");
}

std::vector<LogForm::Known> LogForm::known() {
  std::vector<Known> known;
  for (const BuiltinForm& each : builtin_forms()) {
    const auto form = parse(each.toml, each.name);
    if (!form) detail::broken_invariant(form.error().message);
    known.push_back({std::string(each.name), form->rules_->title});
  }
  return known;
}

const std::string& LogForm::name() const noexcept { return rules_->name; }

bool LogForm::has_column(std::string_view column) const {
  return std::ranges::any_of(rules_->columns, [&](const ColumnRule& each) { return each.column == column; });
}

}  // namespace optiinfra::tail
