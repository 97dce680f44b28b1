#include "alias_file.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "optiinfra/core/nearest.hpp"

namespace optiinfra::exposition {
namespace {

constexpr std::string_view kAcrossNames[] = {"sum", "max", "mean"};

/// Reads the keys of one file. The first failure is kept.
class AliasFileReader {
 public:
  AliasFileReader(const toml::table& table, std::string_view name) : table_(table) {
    file_.source.name = name;
  }

  Result<AliasFile> read() {
    read_keys(table_, "",
              {{"title", [&](const toml::node& value) { read_text(value, file_.source.title); }},
               {"absent", [&](const toml::node& value) { read_ranges(value, file_.source.absent); }},
               {"copies", [&](const toml::node& value) { read_texts(value, file_.source.copies); }},
               {"row", [&](const toml::node& value) { read_row(value); }},
               {"alias",
                [&](const toml::node& value) { read_tables(value, [&](auto& each) { read_alias(each); }); }},
               {"known", [&](const toml::node& value) {
                  read_tables(value, [&](auto& each) { read_known(each); });
                }}});
    if (failure_) return *failure_;
    return std::move(file_);
  }

 private:
  using Readers = std::map<std::string, std::function<void(const toml::node&)>, std::less<>>;

  void fail(const toml::node& at, const std::string& what) {
    if (failure_) return;
    failure_ = invalid_argument("aliases " + file_.source.name + ": line " +
                                std::to_string(at.source().begin.line) + ": " + what);
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
                             suggestion(std::string(key.str()), known) + " Keys are " + listed(known));
    }
  }

  void read_text(const toml::node& value, std::string& into, bool may_be_empty = false) {
    const auto text = value.value_exact<std::string>();
    if (!text || (text->empty() && !may_be_empty)) return fail(value, "a text in quotes is expected");
    into = *text;
  }

  /// One text, or several.
  void read_texts(const toml::node& value, std::vector<std::string>& into, bool may_be_empty = false) {
    if (const toml::array* const texts = value.as_array()) {
      for (const toml::node& each : *texts) read_text(each, into.emplace_back(), may_be_empty);
      if (!into.empty()) return;
      return fail(value, "the list is empty");
    }
    read_text(value, into.emplace_back(), may_be_empty);
  }

  void read_number(const toml::node& value, double& into) {
    const auto number = value.value<double>();
    if (!number || !std::isfinite(*number)) return fail(value, "a number is expected");
    into = *number;
  }

  void read_ranges(const toml::node& value, std::vector<ValueRange>& into) {
    const toml::array* const ranges = value.as_array();
    if (ranges == nullptr) return fail(value, "ranges are expected: [[low, high], ...]");
    for (const toml::node& each : *ranges) {
      const toml::array* const range = each.as_array();
      if (range == nullptr || range->size() != 2) return fail(each, "a range has two numbers: [low, high]");
      ValueRange& read = into.emplace_back();
      read_number(*range->get(0), read.low);
      read_number(*range->get(1), read.high);
    }
  }

  template <typename Read>
  void read_tables(const toml::node& value, Read read) {
    const toml::array* const tables = value.as_array();
    if (tables == nullptr) return fail(value, "a table of a list is expected: [[alias]] or [[known]]");
    for (const toml::node& each : *tables) {
      if (each.as_table() == nullptr) return fail(each, "a table is expected");
      read(*each.as_table());
    }
  }

  void read_row(const toml::node& value) {
    if (value.as_table() == nullptr) return fail(value, "a table is expected: [row]");
    AliasSource& source = file_.source;
    const auto texts = [this](std::vector<std::string>& into) {
      return [this, &into](const toml::node& node) { read_texts(node, into); };
    };
    read_keys(*value.as_table(), " in [row]",
              {{"model", texts(source.model)},
               {"gpu_index", texts(source.gpu_index)},
               {"gpu_uuid", texts(source.gpu_uuid)},
               {"gpu_name", texts(source.gpu_name)},
               {"mig_profile", texts(source.mig_profile)},
               {"mig_id", texts(source.mig_id)},
               {"instance", texts(source.instance)}});
  }

  void read_conditions(const toml::node& value, bool excludes, std::vector<LabelCondition>& into) {
    const toml::table* const table = value.as_table();
    if (table == nullptr) return fail(value, "labels are expected: { label = \"value\" }");
    for (const auto& [label, patterns] : *table) {
      LabelCondition& condition = into.emplace_back();
      condition.label = label.str();
      condition.excludes = excludes;
      read_texts(patterns, condition.patterns, true);
    }
  }

  void read_quantity(const toml::node& value, std::optional<Quantity>& into) {
    std::string name;
    read_text(value, name);
    into = quantity_of(name);
    if (into || failure_) return;
    std::vector<std::string> names;
    for (const QuantityDefinition& each : quantity_definitions()) names.emplace_back(each.name);
    fail(value,
         "unknown quantity '" + name + "'" + suggestion(name, names) + " Quantities are " + listed(names));
  }

  void read_across(const toml::node& value, Across& into) {
    std::string name;
    read_text(value, name);
    const auto at = std::find(std::begin(kAcrossNames), std::end(kAcrossNames), name);
    if (at == std::end(kAcrossNames)) return fail(value, "'across' must be sum, max or mean");
    into = static_cast<Across>(at - std::begin(kAcrossNames));
  }

  void read_alias(const toml::table& table) {
    Alias alias;
    std::vector<std::string> metrics;
    std::optional<Quantity> quantity;
    read_keys(table, " in [[alias]]",
              {{"metric", [&](const toml::node& value) { read_texts(value, metrics); }},
               {"to", [&](const toml::node& value) { read_quantity(value, quantity); }},
               {"scale", [&](const toml::node& value) { read_number(value, alias.scale); }},
               {"across", [&](const toml::node& value) { read_across(value, alias.across); }},
               {"only", [&](const toml::node& value) { read_conditions(value, false, alias.conditions); }},
               {"except", [&](const toml::node& value) { read_conditions(value, true, alias.conditions); }},
               {"absent", [&](const toml::node& value) { read_ranges(value, alias.absent); }},
               {"since", [&](const toml::node& value) { read_text(value, alias.since); }},
               {"until", [&](const toml::node& value) { read_text(value, alias.until); }}});
    if (failure_) return;
    if (metrics.empty()) return fail(table, "an alias has no 'metric'");
    if (!quantity) return fail(table, "an alias has no 'to'");
    alias.quantity = *quantity;
    // Aliases with the same `to` and other labels (a metric split by a label) share the rank of their metric.
    for (std::string& metric : metrics) {
      alias.metric = std::move(metric);
      alias.rank = rank_of(alias);
      file_.aliases.push_back(alias);
    }
  }

  std::uint16_t rank_of(const Alias& alias) {
    auto& ranked = ranked_[static_cast<std::size_t>(alias.quantity)];
    const auto at = std::find(ranked.begin(), ranked.end(), alias.metric);
    const auto rank = static_cast<std::uint16_t>(at - ranked.begin());
    if (at == ranked.end()) ranked.push_back(alias.metric);
    return rank;
  }

  void read_known(const toml::table& table) {
    std::vector<std::string> metrics;
    std::string why;
    read_keys(table, " in [[known]]",
              {{"metric", [&](const toml::node& value) { read_texts(value, metrics); }},
               {"why", [&](const toml::node& value) { read_text(value, why); }}});
    if (failure_) return;
    if (metrics.empty() || why.empty()) return fail(table, "[[known]] needs 'metric' and 'why'");
    for (std::string& metric : metrics) file_.known.push_back({std::move(metric), why});
  }

  const toml::table& table_;
  AliasFile file_;
  std::array<std::vector<std::string>, 256> ranked_;
  std::optional<Error> failure_;
};

}  // namespace

Result<AliasFile> parse_alias_file(std::string_view name, std::string_view toml) {
  if (toml.size() > kAliasFileBytesMax)
    return invalid_argument("aliases " + std::string(name) + ": the file has over 1 MiB");
  try {
    const toml::table table = toml::parse(toml);
    return AliasFileReader(table, name).read();
  } catch (const toml::parse_error& error) {
    return invalid_argument("aliases " + std::string(name) + ": line " +
                            std::to_string(error.source().begin.line) + ": " +
                            std::string(error.description()));
  }
}

}  // namespace optiinfra::exposition
