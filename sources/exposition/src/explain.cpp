#include "optiinfra/exposition/explain.hpp"

#include <charconv>
#include <unordered_map>

namespace optiinfra::exposition {
namespace {

std::string number_text(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(std::begin(text), std::end(text), value);
  return {std::begin(text), end};
}

std::string conversion_text(const Alias& alias) {
  const QuantityDefinition& definition = definition_of(alias.quantity);
  std::string text;
  const auto add = [&text](std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ", ";
    text += part;
  };
  if (alias.scale != 1) add("x " + number_text(alias.scale));
  add(definition.making);
  if (definition.kind == QuantityKind::kGauge && alias.across == Across::kMax) add("the largest");
  if (definition.kind == QuantityKind::kGauge && alias.across == Across::kMean) add("the mean");
  return text;
}

std::string version_text(const Alias& alias) {
  std::string text;
  if (!alias.since.empty()) text = "since " + alias.since;
  if (!alias.until.empty()) text += (text.empty() ? "until " : ", until ") + alias.until;
  return text;
}

ExplainedMetric stored(const AliasTable& aliases, const Alias& alias) {
  const QuantityDefinition& definition = definition_of(alias.quantity);
  return {.metric = alias.metric,
          .understanding = Understanding::kStored,
          .source = aliases.sources()[alias.source].name,
          .table = std::string(table_of(alias.quantity)),
          .column = std::string(definition.column),
          .unit = std::string(definition.unit),
          .conversion = conversion_text(alias),
          .note = version_text(alias)};
}

/// Of a histogram or summary one line stands for all of its parts.
std::string_view family_name(const TextSample& sample) {
  std::string_view name = sample.name;
  const bool has_parts = sample.type == MetricType::kHistogram || sample.type == MetricType::kSummary ||
                         sample.type == MetricType::kGaugeHistogram;
  if (!has_parts) return name;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count", "_created"})
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

class Explainer {
 public:
  explicit Explainer(const AliasTable& aliases) : aliases_(aliases) {}

  void take(const TextSample& sample) {
    bool is_used = false;
    for (const AliasUse& use : aliases_.find(sample.name)) {
      const Alias& alias = aliases_.aliases()[use.alias];
      if (!fits(alias, sample.labels)) continue;
      is_used = true;
      if (use.part == SamplePart::kCreated) continue;
      ExplainedMetric& metric = entry(alias.metric + '\n' + std::to_string(use.alias), sample,
                                      [&] { return stored(aliases_, alias); });
      if (is_absent(aliases_.sources()[alias.source], alias, sample.value)) ++metric.absent;
    }
    if (!is_used) take_other(sample);
  }

  std::vector<ExplainedMetric> result() { return std::move(metrics_); }

 private:
  void take_other(const TextSample& sample) {
    // The start of a counter stands under a name of its own in the older format.
    const std::string_view name = family_name(sample);
    entry(std::string(name), sample, [&]() -> ExplainedMetric {
      ExplainedMetric metric{.metric = std::string(name)};
      if (const KnownMetric* const known = aliases_.find_known(sample.name)) {
        metric.understanding = Understanding::kUnneeded;
        metric.source = aliases_.sources()[known->source].name;
        metric.note = known->why;
      } else if (!aliases_.find(sample.name).empty()) {
        metric.understanding = Understanding::kUnneeded;
        metric.note = "its labels belong to no column";
      }
      return metric;
    });
  }

  template <typename Make>
  ExplainedMetric& entry(std::string key, const TextSample& sample, Make make) {
    const auto [at, is_new] = places_.try_emplace(std::move(key), metrics_.size());
    if (is_new) metrics_.push_back(make());
    ExplainedMetric& metric = metrics_[at->second];
    if (is_new) metric.type = sample.type;
    ++metric.series;
    return metric;
  }

  const AliasTable& aliases_;
  std::vector<ExplainedMetric> metrics_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

std::string_view to_string(Understanding understanding) noexcept {
  switch (understanding) {
    case Understanding::kStored:
      return "stored";
    case Understanding::kUnneeded:
      return "unneeded";
    case Understanding::kUnknown:
      break;
  }
  return "unknown";
}

Result<std::vector<ExplainedMetric>> explain_metrics(std::string_view text, const AliasTable& aliases,
                                                     const ReadOptions& options) {
  TextReader reader(text, options.format, options.limits);
  Explainer explainer(aliases);
  while (true) {
    OPTIINFRA_TRY(const TextSample* const sample, reader.next());
    if (sample == nullptr) return explainer.result();
    explainer.take(*sample);
  }
}

}  // namespace optiinfra::exposition
