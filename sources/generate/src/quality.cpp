#include <algorithm>

#include "writers.hpp"

namespace optiinfra::fleet {
namespace {

constexpr int kFactualityLoss = 22, kRelevanceLoss = 6;  // Hundredths, of a regressed model.

int score(double hundredths) { return std::clamp(static_cast<int>(hundredths + 0.5), 0, 100); }
float hundredths(int value) { return static_cast<float>(value / 100.0); }

std::string sixteen_digits(std::uint64_t value) {
  std::string text(16, '0');
  for (std::size_t digit = 0; digit < text.size(); ++digit)
    text[digit] = "0123456789abcdef"[value >> (60 - 4 * digit) & 0xF];
  return text;
}

/// In thousandths, so that the sum is exact before it is rounded.
int overall_score(int relevance, int coherence, int factuality, int toxicity) {
  constexpr int kWeights[] = {
      static_cast<int>(kRelevanceWeight * 1000 + 0.5), static_cast<int>(kCoherenceWeight * 1000 + 0.5),
      static_cast<int>(kFactualityWeight * 1000 + 0.5), static_cast<int>(kHarmlessnessWeight * 1000 + 0.5)};
  static_assert(kWeights[0] + kWeights[1] + kWeights[2] + kWeights[3] == 1000);
  const int sum = kWeights[0] * relevance + kWeights[1] * coherence + kWeights[2] * factuality +
                  kWeights[3] * (100 - toxicity);
  return (sum + 50) / 100;
}

}  // namespace

QualityWriter::QualityWriter(const Plan& plan)
    : plan_(plan),
      stream_(plan.stream(Purpose::kQuality)),
      requests_per_row_(static_cast<double>(plan.rows_of(Family::kPerformance)) /
                        static_cast<double>(std::max<std::uint64_t>(1, plan.rows_of(Family::kQuality)))),
      requests_(plan),
      normal_(normal_table()),
      models_(plan.services.size()) {
  for (std::size_t prompt = 0; prompt < plan.services.size() * kPromptsPerService; ++prompt) {
    prompt_hashes_.push_back(sixteen_digits(plan.random(Purpose::kPrompt, prompt).next()));
  }
}

void QualityWriter::start_batch() { models_.start_batch(); }

/// One request out of each stretch of equal length, so that samples rise and never repeat.
std::uint64_t QualityWriter::sampled_request(std::uint64_t index, Random& random) const {
  const auto begin = static_cast<std::uint64_t>(static_cast<double>(index) * requests_per_row_);
  const auto end = static_cast<std::uint64_t>(static_cast<double>(index + 1) * requests_per_row_);
  return std::min(begin + random.below(end - begin), plan_.rows_of(Family::kPerformance) - 1);
}

void QualityWriter::append(QualityBatch& batch, std::uint64_t index) {
  Random random(stream_, index);
  const Request request = requests_.at(sampled_request(index, random));
  const FleetService& service = plan_.description.services[request.service];
  const ServiceProfile& profile = plan_.services[request.service];
  const bool regressed =
      plan_.regressed_model.strikes(profile.model, sys_seconds{std::chrono::seconds{request.time}});
  const std::uint64_t noise = random.next();
  const auto normal = [this, noise](int shift) { return double{normal_[noise >> shift & 0xFFF]}; };

  const int typical = models()[profile.model].quality_percent;
  const int relevance = score(typical - (regressed ? kRelevanceLoss : 0) + 6 * normal(0));
  const int coherence = score(typical + 4 + 3 * normal(12));
  const int factuality = score(typical - 1 - (regressed ? kFactualityLoss : 0) + 7 * normal(24));
  const int toxicity = score(std::max(0.0, 1 + 1.5 * normal(36)));
  const double hallucination_chance = 0.01 + 0.008 * std::max(0, 92 - factuality);
  // Popular prompts are asked far more often than rare ones.
  const double popularity = random.unit() * random.unit();
  const auto prompt = static_cast<std::size_t>(popularity * kPromptsPerService);

  batch.timestamp.push_back(request.time);
  batch.customer_id.push_back(plan_.description.customers[service.customer].id);
  batch.service_id.push_back(service.id);
  batch.request_id.push_back(request.id);
  models_.append(batch.model_name, request.service, service.model);
  batch.relevance_score.push_back(hundredths(relevance));
  batch.coherence_score.push_back(hundredths(coherence));
  batch.factuality_score.push_back(hundredths(factuality));
  batch.hallucination_detected.push_back(random.unit() < hallucination_chance);
  batch.toxicity_score.push_back(hundredths(toxicity));
  batch.overall_quality_score.push_back(
      static_cast<float>(overall_score(relevance, coherence, factuality, toxicity) / 1000.0));
  batch.prompt_hash.append(prompt_hashes_[request.service * kPromptsPerService + prompt]);
  batch.latency_ms.push_back((request.latency_tenths_ms + 5) / 10);
  if (!plan_.has_all_columns()) return;
  batch.evaluator.append("llama-3.3-70b-judge");
  batch.source.append(kSource);
}

}  // namespace optiinfra::fleet
