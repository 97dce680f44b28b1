// The columns that a fleet has beyond the contract's: how requests went, and what engines say of them.
#include <map>

#include "fleet_testing.hpp"
#include "optiinfra/schema/histogram.hpp"

namespace optiinfra::fleet {
namespace {

Fleet whole_fleet() { return make_fleet({.days = 2, .rows = 200'000, .columns = FleetColumns::kAll}); }

std::uint64_t counted(std::string_view text) {
  const auto histogram = parse_histogram(text);
  EXPECT_TRUE(histogram) << text;
  std::uint64_t sum = 0;
  if (!histogram) return 0;
  for (const HistogramBucket& bucket : *histogram) sum += bucket.count;
  return sum;
}

TEST(Course, ThePartsOfARequestAddUpToItsLatency) {
  Fleet fleet = whole_fleet();
  const auto rows = all_rows<PerformanceMetric>(fleet);
  std::map<std::string, std::size_t> ends;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string status(rows.status[row]);
    ++ends[status];
    const auto first = rows.time_to_first_token_ms[row];
    ASSERT_EQ(first.has_value(), status != "client_error" && status != "dropped");
    if (!first) {
      EXPECT_FALSE(rows.prompt_tokens[row]) << "nobody counted them";
      EXPECT_FALSE(rows.decode_ms[row]);
      continue;
    }
    EXPECT_NEAR(*first, *rows.queue_ms[row] + *rows.prefill_ms[row], 0.2);
    EXPECT_NEAR(rows.latency_ms[row], *first + *rows.decode_ms[row], 0.2);
    EXPECT_LT(*rows.cached_tokens[row], *rows.prompt_tokens[row]) << "the last token is always computed";
    EXPECT_EQ(rows.inter_token_latency_ms[row].has_value(), *rows.completion_tokens[row] > 1);
    if (rows.reasoning_tokens[row]) {
      EXPECT_LE(*rows.reasoning_tokens[row], *rows.completion_tokens[row]);
    }
  }
  EXPECT_EQ(ends.size(), std::size(kStatuses)) << "requests end in every way";
  EXPECT_GT(ends["ok"], rows.size() * 97 / 100);
}

TEST(Course, TheFirstTokenComesLaterForLongerPromptsAndUnderLoad) {
  Fleet fleet = whole_fleet();
  const auto rows = all_rows<PerformanceMetric>(fleet);
  Mean of_short, of_long, in_calm, under_load;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto first = rows.time_to_first_token_ms[row];
    if (!first) continue;
    (*rows.prompt_tokens[row] < 500 ? of_short : of_long).add(*first);
    (*rows.kv_cache_utilization[row] < 30 ? in_calm : under_load).add(*first);
  }
  EXPECT_GT(of_long.value(), 1.5 * of_short.value());
  EXPECT_GT(under_load.value(), 1.2 * in_calm.value());
}

TEST(Course, RequestsGoToInstancesOfTheirServiceThatHaveAGpu) {
  Fleet fleet = whole_fleet();
  std::map<std::string, const FleetInstance*> instances;
  for (const FleetInstance& each : fleet.description().instances) instances[each.id] = &each;
  const auto rows = all_rows<PerformanceMetric>(fleet);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const FleetInstance* instance = instances.at(std::string(rows.instance_id[row]));
    ASSERT_GT(instance->gpu_count, 0u);
    ASSERT_EQ(fleet.description().services[instance->service].id, rows.service_id[row]);
  }
}

/// What both sides of the comparison have of one engine.
struct Counted {
  std::uint64_t prompt = 0, completion = 0, cached = 0, requests = 0, first_tokens = 0, gaps = 0;
  friend bool operator==(const Counted&, const Counted&) = default;
};

TEST(Course, EnginesCountWhatTheirRequestsAddUpTo) {
  Fleet fleet = whole_fleet();
  const auto serving = all_rows<ServingMetric>(fleet);
  const std::size_t engines = static_cast<std::size_t>(
      std::count_if(fleet.description().instances.begin(), fleet.description().instances.end(),
                    [](const FleetInstance& each) { return each.gpu_count > 0; }));
  const std::size_t whole_rounds = serving.size() / engines;
  ASSERT_GT(whole_rounds, 100u);
  std::map<std::string, Counted> by_engine, by_requests;
  for (std::size_t row = 0; row < whole_rounds * engines; ++row) {
    Counted& sum = by_engine[std::string(serving.instance_id[row])];
    sum.prompt += *serving.prompt_tokens[row];
    sum.completion += *serving.completion_tokens[row];
    sum.cached += *serving.cached_tokens[row];
    sum.requests += *serving.requests_finished[row];
    sum.first_tokens += counted(serving.time_to_first_token_histogram[row]);
    sum.gaps += counted(serving.inter_token_latency_histogram[row]);
    EXPECT_EQ(counted(serving.latency_histogram[row]), *serving.requests_finished[row]);
    EXPECT_EQ(*serving.prefill_count[row], counted(serving.time_to_first_token_histogram[row]));
  }
  const std::uint32_t last = serving.timestamp[whole_rounds * engines - 1];
  const auto requests = all_rows<PerformanceMetric>(fleet);
  for (std::size_t row = 0; row < requests.size() && requests.timestamp[row] <= last; ++row) {
    if (requests.status[row] == "client_error") continue;
    Counted& sum = by_requests[std::string(requests.instance_id[row])];
    ++sum.requests;
    if (!requests.prompt_tokens[row]) continue;
    sum.prompt += *requests.prompt_tokens[row];
    sum.completion += *requests.completion_tokens[row];
    sum.cached += *requests.cached_tokens[row];
    ++sum.first_tokens;
    sum.gaps += *requests.completion_tokens[row] - 1;
  }
  for (const auto& [engine, counts] : by_requests) EXPECT_EQ(by_engine[engine], counts) << engine;
}

TEST(Course, IntervalsOfAnEngineCoverItsTimeWithoutGaps) {
  Fleet fleet = whole_fleet();
  const auto serving = all_rows<ServingMetric>(fleet);
  std::map<std::string, double> seconds;
  std::map<std::string, std::uint32_t> last;
  for (std::size_t row = 0; row < serving.size(); ++row) {
    seconds[std::string(serving.instance_id[row])] += serving.interval_seconds[row];
    last[std::string(serving.instance_id[row])] = serving.timestamp[row];
  }
  const std::uint32_t begin = to_column_time(fleet.description().range.begin);
  for (const auto& [engine, covered] : seconds) EXPECT_EQ(covered, last[engine] + 1 - begin) << engine;
}

TEST(Course, PowerFollowsTheLoadAndEnergyIsPowerOverTime) {
  Fleet fleet = whole_fleet();
  const auto rows = all_rows<ResourceMetric>(fleet);
  const auto interval = static_cast<float>(fleet.description().resource_interval.count());
  Mean calm, busy;
  std::size_t with_energy = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_EQ(rows.gpu_power_w[row].has_value(), rows.gpu_utilization[row].has_value());
    if (!rows.gpu_power_w[row] || rows.gpu_name[row] != "NVIDIA H100 80GB HBM3") continue;
    (*rows.gpu_utilization[row] < 40 ? calm : busy).add(*rows.gpu_power_w[row]);
    if (!rows.gpu_energy_j[row]) continue;
    ++with_energy;
    EXPECT_NEAR(*rows.gpu_energy_j[row], *rows.gpu_power_w[row] * interval, 0.5);
  }
  EXPECT_GT(with_energy, 1000u);
  EXPECT_GT(busy.value(), 1.5 * calm.value());
}

}  // namespace
}  // namespace optiinfra::fleet
