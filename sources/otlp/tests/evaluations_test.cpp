// Events of evaluations as quality rows.
#include "otlp_testing.hpp"

namespace optiinfra::otlp {
namespace {

using namespace testing;
using ::testing::HasSubstr;

Json event(const Json& of, const Json& more = Json::object()) {
  Json object = {{"timeUnixNano", std::to_string(kStart)},
                 {"eventName", "gen_ai.evaluation.result"},
                 {"attributes", attributes(of)}};
  object.update(more);
  return object;
}

Json score(const char* name, double value, const char* response = "r-1") {
  return event({{"gen_ai.evaluation.name", name},
                {"gen_ai.evaluation.score.value", value},
                {"gen_ai.response.id", response}});
}

OtlpRows<QualityMetric> decoded(const std::vector<Json>& records) {
  auto rows = decode_logs(logs(records), OtlpEncoding::kJson, kIdentities);
  EXPECT_NE(rows->batch.size(), 0u);
  return *std::move(rows);
}

TEST(OtlpEvaluation, ScoresOfOneAnswerAreOneRow) {
  const auto rows = decoded({score("Relevance", 0.5), score("coherence", 1.0), score("toxicity", 0.25),
                             score("hallucination", 1.0), score("relevance", 0.75, "r-2")});
  ASSERT_EQ(rows.batch.size(), 2u);
  EXPECT_FLOAT_EQ(*rows.batch.relevance_score[0], 0.5);
  EXPECT_FLOAT_EQ(*rows.batch.coherence_score[0], 1);
  EXPECT_FLOAT_EQ(*rows.batch.toxicity_score[0], 0.25);
  EXPECT_EQ(rows.batch.hallucination_detected[0], 1);
  EXPECT_FALSE(rows.batch.factuality_score[0]);
  EXPECT_FLOAT_EQ(rows.batch.overall_quality_score[0], (0.5f + 1 + 0.75f + 0) / 4)
      << "harm counts against it";
  EXPECT_EQ(rows.batch.response_id[0], "r-1");
  EXPECT_FLOAT_EQ(rows.batch.overall_quality_score[1], 0.75);
}

TEST(OtlpEvaluation, AnOverallScoreIsTakenAsItIs) {
  const auto rows = decoded({score("relevance", 0.5), score("quality", 0.9)});
  EXPECT_FLOAT_EQ(rows.batch.overall_quality_score[0], 0.9f);
}

TEST(OtlpEvaluation, OfAnotherNameSaysWhoScored) {
  const auto rows = decoded({score("Politeness", 0.25)});
  EXPECT_EQ(rows.batch.evaluator[0], "Politeness");
  EXPECT_FLOAT_EQ(rows.batch.overall_quality_score[0], 0.25);
}

TEST(OtlpEvaluation, WithoutAScoreIsRejectedAndOtherRecordsAreIgnored) {
  const auto rows = decoded({event({{"gen_ai.evaluation.name", "relevance"}}),
                             score("relevance", 1.5),
                             {{"timeUnixNano", "1"}, {"body", {{"stringValue", "hello"}}}},
                             event({{"event.name", "gen_ai.evaluation.result"},
                                    {"gen_ai.evaluation.name", "relevance"},
                                    {"gen_ai.evaluation.score.value", 1}},
                                   {{"eventName", ""}})});
  EXPECT_EQ(rows.rejected, 2u);
  EXPECT_THAT(rows.reason, HasSubstr("gen_ai.evaluation.score.value"));
  EXPECT_EQ(rows.ignored, 1u);
  EXPECT_EQ(rows.batch.size(), 1u) << "the event's name may be an attribute";
}

}  // namespace
}  // namespace optiinfra::otlp
