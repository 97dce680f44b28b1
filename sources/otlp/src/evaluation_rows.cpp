// Events of evaluations as quality rows: gen_ai.evaluation.result of OpenTelemetry's conventions.
#include <algorithm>

#include "rows.hpp"

namespace optiinfra::otlp {
namespace {

constexpr std::string_view kEvent = "gen_ai.evaluation.result";

/// A score that a quality row has a column for. Of a harmful one the overall score has the opposite.
struct Score {
  std::string_view name;
  std::optional<float> QualityMetric::* column;
  bool is_harmful = false;
};
constexpr Score kScores[] = {
    {"relevance", &QualityMetric::relevance_score},     {"coherence", &QualityMetric::coherence_score},
    {"factuality", &QualityMetric::factuality_score},   {"faithfulness", &QualityMetric::factuality_score},
    {"groundedness", &QualityMetric::factuality_score}, {"toxicity", &QualityMetric::toxicity_score, true}};

bool is_overall(std::string_view name) {
  return name == "quality" || name == "overall" || name == "overall_quality";
}

std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

Result<bool> Evaluations::add(const Resource& resource, const LogRecord& record) {
  const Attributes& attributes = record.attributes;
  if (record.event_name != kEvent && attributes.text({"event.name"}) != kEvent) return false;
  const std::string shown_name = attributes.text({"gen_ai.evaluation.name"});
  const std::string name = in_lower_case(shown_name);
  const auto value = attributes.number({"gen_ai.evaluation.score.value", "gen_ai.evaluation.score"});
  if (name.empty()) return invalid_argument("an evaluation has no gen_ai.evaluation.name");
  if (!value)
    return invalid_argument("the evaluation " + shown_name +
                            " has no number in gen_ai.evaluation.score.value");
  if (*value < 0 || *value > 1)
    return invalid_argument("the evaluation " + shown_name + " has a score outside of 0 to 1");
  OPTIINFRA_TRY(const Owner owner, owner_of(resource, attributes, identity_of_));

  const std::string response = attributes.text({"gen_ai.response.id"});
  const std::string answer = owner.customer.to_string() + owner.service.to_string() +
                             (response.empty() ? record.trace_id + record.span_id : response);
  const auto [place, is_new] = places_.try_emplace(answer, answers_.size());
  if (is_new) {
    QualityMetric& row = answers_.emplace_back().row;
    row.timestamp = time_of(record.time_ns);
    row.customer_id = owner.customer;
    row.service_id = owner.service;
    row.request_id = request_id_of(attributes.text({"gen_ai.request.id"}), record.trace_id, record.span_id);
    row.response_id = response;
    row.model_name = attributes.text({"gen_ai.response.model", "gen_ai.request.model"});
    row.source = "otlp";
  }
  Scored& scored = answers_[place->second];
  const auto score = static_cast<float>(*value);
  if (is_overall(name)) {
    scored.row.overall_quality_score = score;
    scored.has_overall = true;
    return true;
  }
  bool is_harmful = name == "hallucination";
  if (is_harmful) scored.row.hallucination_detected = *value >= 0.5 ? 1 : 0;
  const auto known = std::find_if(std::begin(kScores), std::end(kScores),
                                  [&](const Score& each) { return each.name == name; });
  if (known != std::end(kScores)) {
    scored.row.*known->column = score;
    is_harmful = known->is_harmful;
  } else if (!is_harmful) {
    scored.row.evaluator = shown_name;  // A score of another kind says who gave it.
  }
  scored.sum += is_harmful ? 1 - *value : *value;
  ++scored.scores;
  return true;
}

std::vector<QualityMetric> Evaluations::take() {
  std::vector<QualityMetric> rows;
  for (Scored& each : answers_) {
    if (!each.has_overall) each.row.overall_quality_score = static_cast<float>(each.sum / each.scores);
    rows.push_back(std::move(each.row));
  }
  return rows;
}

}  // namespace optiinfra::otlp
