#include "optiinfra/exposition/aliases.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "alias_file.hpp"
#include "builtin_aliases.hpp"
#include "pattern.hpp"

namespace optiinfra::exposition {
namespace {

struct SampleName {
  std::string text;
  SamplePart part;
};

/// The names under which samples of the alias's metric stand in a text.
std::vector<SampleName> sample_names(const Alias& alias) {
  const std::string& metric = alias.metric;
  switch (definition_of(alias.quantity).kind) {
    case QuantityKind::kHistogram:
      return {{metric + "_bucket", SamplePart::kBucket},
              {metric + "_sum", SamplePart::kSum},
              {metric + "_count", SamplePart::kCount},
              {metric + "_created", SamplePart::kCreated}};
    case QuantityKind::kCounter: {
      std::string base = metric;
      for (const char* const suffix : {"_total", "_sum", "_count"})
        if (base.ends_with(suffix)) base.resize(base.size() - std::string_view(suffix).size());
      return {{metric, SamplePart::kValue}, {base + "_created", SamplePart::kCreated}};
    }
    case QuantityKind::kGauge:
    case QuantityKind::kInfo:
      break;
  }
  return {{metric, SamplePart::kValue}};
}

/// OpenTelemetry's names have dots where exporters that cannot write them put underscores.
bool is_same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return (x == '.' ? '_' : x) == (y == '.' ? '_' : y); });
}

bool contains(const std::vector<ValueRange>& ranges, double value) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [value](const ValueRange& each) { return value >= each.low && value <= each.high; });
}

}  // namespace

const AliasTable& AliasTable::builtin() {
  static const AliasTable table = [] {
    AliasTable made;
    for (const BuiltinAliasText& each : builtin_alias_texts())
      if (auto added = made.add(each.name, each.toml); !added)
        detail::broken_invariant(added.error().message);
    return made;
  }();
  return table;
}

Result<void> AliasTable::add(std::string_view name, std::string_view toml) {
  OPTIINFRA_TRY(AliasFile file, parse_alias_file(name, toml));
  if (aliases_.size() + file.aliases.size() > kAliasesMax)
    return invalid_argument("aliases " + std::string(name) + ": over " + std::to_string(kAliasesMax) +
                            " aliases in all");
  const auto source = static_cast<std::uint16_t>(sources_.size());
  std::unordered_map<std::string, std::vector<AliasUse>> added;
  for (Alias& alias : file.aliases) {
    alias.source = source;
    for (SampleName& each : sample_names(alias))
      added[std::move(each.text)].push_back({static_cast<std::uint16_t>(aliases_.size()), each.part});
    aliases_.push_back(std::move(alias));
  }
  for (auto& [sample, uses] : added) by_name_[sample] = std::move(uses);
  for (KnownMetric& each : file.known) each.source = source;
  known_.insert(known_.begin(), std::move_iterator(file.known.begin()), std::move_iterator(file.known.end()));
  sources_.push_back(std::move(file.source));
  return {};
}

std::span<const AliasUse> AliasTable::find(std::string_view sample_name) const noexcept {
  const auto at = by_name_.find(sample_name);
  return at == by_name_.end() ? std::span<const AliasUse>{} : std::span<const AliasUse>(at->second);
}

const KnownMetric* AliasTable::find_known(std::string_view sample_name) const noexcept {
  for (const KnownMetric& each : known_)
    if (matches_pattern(sample_name, each.pattern)) return &each;
  return nullptr;
}

std::string_view label_value(std::span<const MetricLabel> labels, std::string_view name) noexcept {
  for (const MetricLabel& each : labels)
    if (is_same_name(each.name, name)) return each.value;
  return {};
}

bool fits(const Alias& alias, std::span<const MetricLabel> labels) noexcept {
  for (const LabelCondition& each : alias.conditions) {
    const std::string_view value = label_value(labels, each.label);
    const bool is_matched =
        std::any_of(each.patterns.begin(), each.patterns.end(),
                    [value](const std::string& pattern) { return matches_pattern(value, pattern); });
    if (is_matched == each.excludes) return false;
  }
  return true;
}

bool is_absent(const AliasSource& source, const Alias& alias, double value) noexcept {
  return !std::isfinite(value) || contains(source.absent, value) || contains(alias.absent, value);
}

}  // namespace optiinfra::exposition
