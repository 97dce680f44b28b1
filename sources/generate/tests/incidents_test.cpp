// Each incident that a fleet describes can be seen in its rows, whatever the seed.
#include "fleet_testing.hpp"

namespace optiinfra::fleet {
namespace {

using std::chrono::hours;

class Incidents : public testing::TestWithParam<std::uint64_t> {
 protected:
  Fleet fleet_ = make_fleet({.seed = GetParam(), .rows = 400'000});

  const FleetIncident& incident(IncidentKind kind) const {
    for (const FleetIncident& it : fleet_.description().incidents) {
      if (it.kind == kind) return it;
    }
    ADD_FAILURE() << "the fleet has no such incident";
    return fleet_.description().incidents.front();
  }
};

TEST_P(Incidents, AreOneOfEachKindByTimeAndWithinTheFleetsTime) {
  const FleetDescription& it = fleet_.description();
  ASSERT_EQ(it.incidents.size(), 4u);
  for (std::size_t i = 0; i < it.incidents.size(); ++i) {
    EXPECT_GE(it.incidents[i].range.begin, it.range.begin);
    EXPECT_LE(it.incidents[i].range.end, it.range.end);
    EXPECT_LT(it.incidents[i].range.begin, it.incidents[i].range.end);
    EXPECT_TRUE(it.incidents[i].text.starts_with(format_time(it.incidents[i].range.begin)));
    EXPECT_LE(it.incidents[i == 0 ? 0 : i - 1].range.begin, it.incidents[i].range.begin);
  }
}

TEST_P(Incidents, ALatencySpikeSlowsItsService) {
  const FleetIncident& it = incident(IncidentKind::kLatencySpike);
  const auto rows = all_rows<PerformanceMetric>(fleet_);
  const TimeRange before{it.range.begin - hours{3}, it.range.begin};
  Mean during_mean, before_mean, others_mean;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double per_token = rows.latency_ms[row] / static_cast<double>(rows.total_tokens.values[row]);
    const bool inside = holds(it.range, rows.timestamp[row]);
    if (rows.service_id[row] != it.service_id) {
      if (inside) others_mean.add(rows.gpu_utilization.values[row]);
      continue;
    }
    EXPECT_EQ(rows.model_name[row], it.model_name);
    EXPECT_EQ(rows.customer_id[row], it.customer_id);
    if (inside) during_mean.add(per_token);
    if (holds(before, rows.timestamp[row])) before_mean.add(per_token);
    EXPECT_TRUE(!inside || rows.gpu_utilization.values[row] > 80.0f);
  }
  EXPECT_GT(before_mean.count, 20u);
  EXPECT_GT(during_mean.value(), 3 * before_mean.value());
  EXPECT_LT(others_mean.value(), 80);
}

TEST_P(Incidents, AGpuOutageSilencesThatGpuOnly) {
  const FleetIncident& it = incident(IncidentKind::kGpuOutage);
  const auto rows = all_rows<ResourceMetric>(fleet_);
  std::size_t silent = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!rows.gpu_memory_total_mb[row]) continue;
    const bool lost = holds(it.range, rows.timestamp[row]) && rows.instance_id[row] == it.instance_id &&
                      rows.gpu_index[row] == it.gpu_index;
    ASSERT_EQ(rows.gpu_memory_used_mb.values[row] == 0, lost);
    ASSERT_TRUE(!lost || rows.gpu_utilization.values[row] == 0.0f);
    silent += lost;
  }
  EXPECT_GT(silent, 3u);
}

TEST_P(Incidents, AQualityRegressionLowersTheScoresOfItsModel) {
  const FleetIncident& it = incident(IncidentKind::kQualityRegression);
  const auto rows = all_rows<QualityMetric>(fleet_);
  Mean factuality[2], overall[2], hallucinations[2];
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (rows.model_name[row] != it.model_name) continue;
    const bool during = holds(it.range, rows.timestamp[row]);
    factuality[during].add(rows.factuality_score.values[row]);
    overall[during].add(rows.overall_quality_score[row]);
    hallucinations[during].add(rows.hallucination_detected.values[row]);
  }
  EXPECT_GT(factuality[1].count, 50u);
  EXPECT_NEAR(factuality[0].value() - factuality[1].value(), 0.22, 0.03);
  EXPECT_GT(overall[0].value() - overall[1].value(), 0.05);
  EXPECT_GT(hallucinations[1].value(), 2 * hallucinations[0].value());
}

TEST_P(Incidents, ACostSpikeReplacesSpotInstancesByDearerOnes) {
  const FleetIncident& it = incident(IncidentKind::kCostSpike);
  const auto rows = all_rows<CostMetric>(fleet_);
  Mean cost[2];
  std::size_t spot[2] = {};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const FleetInstance* instance = nullptr;
    for (const auto& each : fleet_.description().instances) {
      if (each.id == rows.instance_id[row]) instance = &each;
    }
    ASSERT_NE(instance, nullptr);
    if (rows.customer_id[row] != it.customer_id || instance->purchase != Purchase::kSpot) continue;
    const bool during = holds(it.range, rows.timestamp[row]);
    cost[during].add(rows.cost_per_hour[row]);
    spot[during] += rows.is_spot[row];
  }
  EXPECT_GT(cost[1].count, 0u);
  EXPECT_EQ(spot[0], cost[0].count);
  EXPECT_EQ(spot[1], 0u);
  EXPECT_GT(cost[1].value(), 2 * cost[0].value());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Incidents, testing::Values(1, 2, 3, 42, 20'260'301));

}  // namespace
}  // namespace optiinfra::fleet
