#include "optiinfra/exposition/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "samples.hpp"

namespace optiinfra::exposition {
namespace {

std::vector<ExplainedMetric> explained(std::string_view text) {
  auto result = explain_metrics(text, AliasTable::builtin(), {.format = guess_text_format(text)});
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result ? *std::move(result) : std::vector<ExplainedMetric>{};
}

const ExplainedMetric* find(const std::vector<ExplainedMetric>& all, std::string_view metric) {
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.metric == metric; });
  return at == all.end() ? nullptr : &*at;
}

TEST(Explain, SaysWhatEachMetricBecomes) {
  const auto all = explained(
      "# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc "
      "0.5\nDCGM_FI_DEV_MEM_COPY_UTIL{gpu=\"0\"} 5\n"
      "my_metric 1\nmy_metric{a=\"b\"} NaN\n");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].understanding, Understanding::kStored);
  EXPECT_EQ(all[0].type, MetricType::kGauge);
  EXPECT_EQ(all[0].source, "vllm");
  EXPECT_EQ(all[0].table, "serving_metrics_ts");
  EXPECT_EQ(all[0].column, "kv_cache_utilization");
  EXPECT_EQ(all[0].unit, "percent");
  EXPECT_EQ(all[0].conversion, "x 100, the largest");
  EXPECT_EQ(all[0].note, "since 0.10");
  EXPECT_EQ(all[1].understanding, Understanding::kUnneeded);
  EXPECT_THAT(all[1].note, testing::HasSubstr("how busy the memory's bus is"));
  EXPECT_EQ(all[2].understanding, Understanding::kUnknown);
  EXPECT_EQ(all[2].series, 2u);
}

TEST(Explain, UnderstandsEveryLineOfTheRealTexts) {
  for (const char* const file :
       {"vllm-a.prom", "dcgm-exporter-a.prom", "dcgm-exporter-b.prom", "node-exporter.prom"})
    for (const ExplainedMetric& each : explained(data(file)))
      EXPECT_NE(each.understanding, Understanding::kUnknown) << file << ": " << each.metric;
}

TEST(Explain, SaysOneLineForAHistogramAndOneForEachColumnOfASplitMetric) {
  const auto all = explained(data("vllm-a.prom"));
  const ExplainedMetric* const histogram = find(all, "vllm:time_to_first_token_seconds");
  ASSERT_NE(histogram, nullptr);
  EXPECT_EQ(histogram->series, 25u);
  EXPECT_EQ(histogram->column, "time_to_first_token_histogram");
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const auto& each) { return each.metric == "vllm:request_success_total"; }),
            4);
}

TEST(Explain, CountsValuesThatWereNotMeasured) {
  EXPECT_EQ(explained("DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 9223372036854775794\n").at(0).absent, 1u);
}

}  // namespace
}  // namespace optiinfra::exposition
