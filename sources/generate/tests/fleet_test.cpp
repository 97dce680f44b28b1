#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "fleet_testing.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::fleet {
namespace {

/// FNV-1a over the values of all rows, in the order of the columns.
class RowHash {
 public:
  std::uint64_t value() const { return hash_; }

  template <typename Row>
  void add(const Batch<Row>& batch) {
    for (std::size_t row = 0; row < batch.size(); ++row) {
      for_each_column<Row>([&](const auto& access) {
        if ((batch.*access.batch).size() != 0) add_value((batch.*access.batch)[row]);
      });
    }
  }

 private:
  template <typename T>
  void add_value(const std::optional<T>& value) {
    add_value(value.value_or(T{}));
  }
  void add_value(std::string_view text) {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0xFF);
  }
  template <typename T>
    requires std::is_trivially_copyable_v<T> && (!std::is_convertible_v<T, std::string_view>)
  void add_value(const T& value) {
    unsigned char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    for (const unsigned char byte : bytes) add_byte(byte);
  }
  void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001B3; }

  std::uint64_t hash_ = 0xCBF29CE484222325;
};

template <typename Row>
void add_all(RowHash& hash, Fleet& fleet, std::size_t rows_max) {
  Batch<Row> batch;
  while (fleet.next_batch(batch, rows_max)) hash.add<Row>(batch);
}

std::uint64_t hash_of(FleetOptions options, std::size_t rows_max) {
  Fleet fleet = make_fleet(options);
  RowHash hash;
  for (const Family family : kFamilies) {
    with_metric(family, [&]<typename Row>() { add_all<Row>(hash, fleet, rows_max); });
  }
  return hash.value();
}

TEST(Fleet, TheSameOptionsGiveTheSameBytesOnEveryMachine) {
  // A change of these numbers is a change of every fleet that anyone has generated: say so in CHANGELOG.
  EXPECT_EQ(hash_of({.seed = 42, .days = 3, .rows = 20'000}, 4096), 0xAB5F6F9AF680760Full);
  EXPECT_EQ(hash_of({.seed = 42, .days = 3, .rows = 20'000, .request_ids = RequestIds::kVersion7}, 4096),
            0x9A1CBDF31B9DF8C7ull);
}

TEST(Fleet, AnotherSeedGivesOtherRows) {
  EXPECT_NE(hash_of({.seed = 1, .rows = 1000}, 1000), hash_of({.seed = 2, .rows = 1000}, 1000));
}

TEST(Fleet, RowsDoNotDependOnHowBatchesAreCut) {
  for (const FleetColumns columns : {FleetColumns::kContract, FleetColumns::kAll}) {
    const FleetOptions options{.days = 2, .rows = 5000, .columns = columns};
    const std::uint64_t whole = hash_of(options, 5000);
    for (const std::size_t rows_max : {1, 7, 1000}) EXPECT_EQ(hash_of(options, rows_max), whole) << rows_max;
  }
}

/// Reads all rows of a family: counts them, holds them to the rules of the schema, to the fleet's time
/// and to their order.
template <typename Row>
std::uint64_t count_good_rows(Fleet& fleet) {
  constexpr std::size_t kRowsMax = 65'536;
  const TimeRange range = fleet.description().range;
  Batch<Row> batch;
  std::uint64_t rows = 0;
  std::uint32_t last = to_column_time(range.begin);
  while (fleet.next_batch(batch, kRowsMax)) {
    EXPECT_TRUE(batch.is_rectangular());
    EXPECT_LE(batch.size(), kRowsMax);
    const Validation validation = validate<Row>(batch, range.end);
    EXPECT_TRUE(validation.ok()) << validation.refused.front().to_string();
    EXPECT_GE(batch.timestamp.front(), last);
    EXPECT_TRUE(std::is_sorted(batch.timestamp.begin(), batch.timestamp.end()));
    last = batch.timestamp.back();
    rows += batch.size();
  }
  EXPECT_EQ(batch.size(), 0u);
  EXPECT_LT(at(last), range.end);
  EXPECT_EQ(rows, fleet.rows(MetricTraits<Row>::kFamily));
  return rows;
}

std::uint64_t count_all_good_rows(Fleet& fleet) {
  std::uint64_t rows = 0;
  for (const Family family : kFamilies)
    rows += with_metric(family, [&]<typename Row>() { return count_good_rows<Row>(fleet); });
  return rows;
}

class FleetOfRows : public testing::TestWithParam<std::uint64_t> {};

TEST_P(FleetOfRows, HasExactlyTheRowsAskedForAndAllOfThemAreGood) {
  Fleet fleet = make_fleet({.rows = GetParam()});
  EXPECT_EQ(count_all_good_rows(fleet), GetParam());
}

TEST_P(FleetOfRows, WithAllColumnsHasExactlyTheRowsAskedForAndAllOfThemAreGood) {
  Fleet fleet = make_fleet({.rows = GetParam(), .columns = FleetColumns::kAll});
  EXPECT_EQ(count_all_good_rows(fleet), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Sizes, FleetOfRows, testing::Values(0, 1, 7, 12, 100, 1000, 99'999, 1'000'000));

TEST(Fleet, AnEndWithinAnHourStillKeepsAllRowsInItsTime) {
  Fleet fleet = make_fleet({.days = 1, .rows = 20'000, .end = kFleetEnd + std::chrono::seconds{1234}});
  count_all_good_rows(fleet);
}

TEST(Fleet, RefusesOptionsOutOfRange) {
  for (const FleetOptions& options : {FleetOptions{}, FleetOptions{.days = 0, .end = kFleetEnd},
                                      FleetOptions{.days = 3651, .end = kFleetEnd},
                                      FleetOptions{.rows = kFleetRowsMax + 1, .end = kFleetEnd},
                                      FleetOptions{.end = kOldestTime + std::chrono::days{6}},
                                      FleetOptions{.end = kLatestTime + std::chrono::seconds{1}}}) {
    const auto fleet = Fleet::create(options);
    ASSERT_FALSE(fleet);
    EXPECT_EQ(fleet.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST(Fleet, DescribesCustomersServicesAndInstances) {
  const Fleet fleet = make_fleet({.rows = 0});
  const FleetDescription& it = fleet.description();
  EXPECT_EQ(it.range, (TimeRange{kFleetEnd - std::chrono::days{7}, kFleetEnd}));
  EXPECT_EQ(it.customers.size(), 6u);
  EXPECT_EQ(it.services.size(), 24u);
  EXPECT_EQ(it.instances.size(), kFleetInstances);
  std::set<std::string> types, models, instances, providers;
  std::set<Uuid> ids;
  double shares = 0;
  for (const auto& customer : it.customers) ids.insert(customer.id);
  for (const auto& service : it.services) {
    ids.insert(service.id), types.insert(service.type), models.insert(service.model);
    shares += service.share;
  }
  for (const auto& instance : it.instances)
    instances.insert(instance.id), providers.insert(instance.provider);
  EXPECT_EQ(ids.size(), 30u);
  EXPECT_EQ(types, (std::set<std::string>{"vllm", "tgi", "sglang"}));
  EXPECT_EQ(models.size(), 10u);
  EXPECT_EQ(instances.size(), kFleetInstances);
  EXPECT_EQ(providers.size(), 3u);
  EXPECT_NEAR(shares, 1, 1e-9);
}

TEST(Fleet, GrowsWithItsRowsUpToItsLimit) {
  EXPECT_EQ(make_fleet({.rows = 1'000'000}).description().instances.size(), kFleetInstances);
  const auto larger = make_fleet({.days = 1, .rows = 10'000'000}).description();
  EXPECT_GT(larger.instances.size(), kFleetInstances);
  EXPECT_LT(larger.instances.size(), kFleetInstancesMax);
  EXPECT_EQ(larger.resource_interval, std::chrono::seconds{60});
  EXPECT_EQ(make_fleet({.days = 1, .rows = kFleetRowsMax}).description().instances.size(),
            kFleetInstancesMax);
}

TEST(FleetPerformance, TokensAddUpAndThroughputFitsThem) {
  Fleet fleet = make_fleet({.rows = 50'000});
  const auto rows = all_rows<PerformanceMetric>(fleet);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_EQ(rows.total_tokens.values[row],
              rows.prompt_tokens.values[row] + rows.completion_tokens.values[row]);
    const double throughput = rows.completion_tokens.values[row] * 1000.0 / rows.latency_ms[row];
    ASSERT_NEAR(rows.throughput_tokens_per_sec.values[row], throughput, 0.0501 + throughput * 1e-6);
    ASSERT_GT(rows.latency_ms[row], 0.0f);
    ASSERT_GE(rows.batch_size.values[row], 1u);
  }
}

TEST(FleetPerformance, ValuesHaveOneDecimal) {
  Fleet fleet = make_fleet({.rows = 20'000});
  const auto rows = all_rows<PerformanceMetric>(fleet);
  for (const auto* values :
       {&rows.latency_ms, &rows.gpu_utilization.values, &rows.kv_cache_utilization.values}) {
    for (const float value : *values)
      ASSERT_EQ(value, static_cast<float>(std::round(double{value} * 10) / 10));
  }
}

TEST(FleetPerformance, CustomersHaveTheirShares) {
  Fleet fleet = make_fleet({.rows = 200'000});
  const auto rows = all_rows<PerformanceMetric>(fleet);
  std::map<Uuid, double> counts;
  for (const Uuid& id : rows.customer_id) ++counts[id];
  for (const FleetCustomer& customer : fleet.description().customers) {
    EXPECT_NEAR(counts[customer.id] / static_cast<double>(rows.size()), customer.share, 0.02)
        << customer.name;
  }
}

/// Requests, load and latency of each customer by its own time of day.
struct Rhythm {
  Mean day_load, night_load, day_latency, night_latency;
  double requests_on_weekdays = 0, requests_on_weekends = 0;
};

TEST(FleetPerformance, EachCustomerFollowsItsOwnDayAndWeek) {
  Fleet fleet = make_fleet({.rows = 300'000});
  const auto rows = all_rows<PerformanceMetric>(fleet);
  for (const FleetCustomer& customer : fleet.description().customers) {
    Rhythm rhythm;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (rows.customer_id[row] != customer.id) continue;
      const sys_seconds local = at(rows.timestamp[row]) + std::chrono::minutes{customer.utc_offset_minutes};
      const auto day = std::chrono::floor<std::chrono::days>(local);
      const auto hour = (local - day).count() / 3600;
      const bool weekend = std::chrono::weekday{day}.iso_encoding() >= 6;
      ++(weekend ? rhythm.requests_on_weekends : rhythm.requests_on_weekdays);
      if (weekend) continue;
      const float per_token = rows.latency_ms[row] / static_cast<float>(rows.completion_tokens.values[row]);
      if (hour >= 10 && hour < 18)
        rhythm.day_load.add(rows.gpu_utilization.values[row]), rhythm.day_latency.add(per_token);
      if (hour < 6)
        rhythm.night_load.add(rows.gpu_utilization.values[row]), rhythm.night_latency.add(per_token);
    }
    // Eight hours of day against six of night.
    EXPECT_GT(static_cast<double>(rhythm.day_load.count), 2.5 * static_cast<double>(rhythm.night_load.count))
        << customer.name;
    EXPECT_GT(rhythm.day_load.value(), rhythm.night_load.value() + 20) << customer.name;
    EXPECT_GT(rhythm.day_latency.value(), rhythm.night_latency.value() * 1.1) << customer.name;
    EXPECT_GT(rhythm.requests_on_weekdays / 5, 1.3 * rhythm.requests_on_weekends / 2) << customer.name;
  }
}

TEST(FleetPerformance, RequestIdsDifferAndHaveTheirVersion) {
  for (const RequestIds kind : {RequestIds::kVersion4, RequestIds::kVersion7}) {
    Fleet fleet = make_fleet({.rows = 50'000, .request_ids = kind});
    const auto rows = all_rows<PerformanceMetric>(fleet);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const Uuid id = rows.request_id[row];
      ASSERT_EQ(id.high >> 12 & 0xF, kind == RequestIds::kVersion4 ? 4u : 7u);
      ASSERT_EQ(id.low >> 62, 2u);
      ASSERT_TRUE(kind == RequestIds::kVersion4 || (id.high >> 16) / 1000 == rows.timestamp[row]);
    }
    const auto by_ms = [](const Uuid& a, const Uuid& b) { return a.high >> 16 < b.high >> 16; };
    EXPECT_EQ(std::is_sorted(rows.request_id.begin(), rows.request_id.end(), by_ms),
              kind == RequestIds::kVersion7);
    EXPECT_EQ(std::set<Uuid>(rows.request_id.begin(), rows.request_id.end()).size(), rows.size());
  }
}

TEST(FleetQuality, RowsAreASampleOfTheRequests) {
  Fleet fleet = make_fleet({.rows = 50'000});
  const auto requests = all_rows<PerformanceMetric>(fleet);
  const auto rows = all_rows<QualityMetric>(fleet);
  std::map<Uuid, std::size_t> request_rows;
  for (std::size_t row = 0; row < requests.size(); ++row) request_rows[requests.request_id[row]] = row;
  std::set<std::size_t> seen;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_TRUE(request_rows.contains(rows.request_id[row]));
    const std::size_t request = request_rows[rows.request_id[row]];
    ASSERT_TRUE(seen.insert(request).second);
    ASSERT_EQ(rows.timestamp[row], requests.timestamp[request]);
    ASSERT_EQ(rows.customer_id[row], requests.customer_id[request]);
    ASSERT_EQ(rows.service_id[row], requests.service_id[request]);
    ASSERT_EQ(rows.model_name[row], requests.model_name[request]);
    ASSERT_NEAR(rows.latency_ms.values[row], requests.latency_ms[request], 0.51);
  }
}

TEST(FleetQuality, TheOverallScoreIsTheWeightedAverage) {
  Fleet fleet = make_fleet({.rows = 50'000});
  const auto rows = all_rows<QualityMetric>(fleet);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double average = kRelevanceWeight * rows.relevance_score.values[row] +
                           kCoherenceWeight * rows.coherence_score.values[row] +
                           kFactualityWeight * rows.factuality_score.values[row] +
                           kHarmlessnessWeight * (1 - rows.toxicity_score.values[row]);
    ASSERT_NEAR(rows.overall_quality_score[row], average, 0.00051);
  }
}

TEST(FleetQuality, PromptsRepeatWithinAService) {
  Fleet fleet = make_fleet({.rows = 200'000});
  const auto rows = all_rows<QualityMetric>(fleet);
  std::map<std::string, Uuid> services;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto [it, first] = services.emplace(rows.prompt_hash[row], rows.service_id[row]);
    ASSERT_EQ(it->second, rows.service_id[row]);
    ASSERT_EQ(it->first.size(), 16u);
  }
  EXPECT_GT(services.size(), 500u);
  EXPECT_LE(services.size(), 24u * 64u);
}

TEST(FleetResources, EachRoundHasEveryGpuOnce) {
  Fleet fleet = make_fleet({.rows = 100'000});
  const auto rows = all_rows<ResourceMetric>(fleet);
  std::size_t per_round = 0;
  for (const auto& instance : fleet.description().instances) per_round += std::max(1u, instance.gpu_count);
  std::map<std::uint32_t, std::set<std::pair<std::string_view, int>>> rounds;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_TRUE(rounds[rows.timestamp[row]].emplace(rows.instance_id[row], rows.gpu_index[row]).second);
  }
  EXPECT_EQ(rounds.size(), (rows.size() + per_round - 1) / per_round);
  const std::uint32_t last = rounds.rbegin()->first;
  for (const auto& [time, gpus] : rounds) EXPECT_TRUE(gpus.size() == per_round || time == last);
  const auto interval = std::next(rounds.begin())->first - rounds.begin()->first;
  EXPECT_EQ(std::chrono::seconds{interval}, fleet.description().resource_interval);
}

TEST(FleetResources, AGatewayHasNoGpuAndOthersUseTheMemoryTheyHave) {
  Fleet fleet = make_fleet({.rows = 50'000});
  const auto rows = all_rows<ResourceMetric>(fleet);
  std::set<std::string_view> gateways;
  for (const auto& instance : fleet.description().instances) {
    if (instance.gpu_count == 0) gateways.insert(instance.id);
  }
  EXPECT_FALSE(gateways.empty());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_EQ(!rows.gpu_memory_total_mb[row], gateways.contains(rows.instance_id[row]));
    ASSERT_EQ(!rows.gpu_utilization[row], gateways.contains(rows.instance_id[row]));
    ASSERT_LE(rows.gpu_memory_used_mb[row], rows.gpu_memory_total_mb[row]);
    ASSERT_LT(rows.memory_used_gb[row], rows.memory_total_gb[row]);
    ASSERT_LT(rows.gpu_temperature[row], 90.0f);
  }
}

TEST(FleetCosts, EachInstanceHasARowAnHourWhenRowsAllow) {
  Fleet fleet = make_fleet({.rows = 1'000'000});
  const auto rows = all_rows<CostMetric>(fleet);
  EXPECT_EQ(rows.size(), kFleetInstances * 7 * 24);
  std::set<std::pair<std::uint32_t, std::string_view>> seen;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    ASSERT_EQ(rows.timestamp[row] % 3600, 0u);
    ASSERT_TRUE(seen.emplace(rows.timestamp[row], rows.instance_id[row]).second);
    ASSERT_FALSE(rows.is_spot[row] == 1 && rows.is_reserved[row] == 1);
  }
}

TEST(FleetCosts, PricesAreThoseOfTheKindOfPurchase) {
  Fleet fleet = make_fleet({.rows = 1'000'000});
  const auto rows = all_rows<CostMetric>(fleet);
  std::map<std::string_view, double> on_demand;
  for (const auto& instance : fleet.description().instances)
    on_demand[instance.id] = instance.on_demand_cost_per_hour;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const double share = rows.cost_per_hour[row] / on_demand.at(rows.instance_id[row]);
    const double expected = rows.is_spot[row] == 1 ? 0.38 : rows.is_reserved[row] == 1 ? 0.60 : 1.0;
    ASSERT_NEAR(share, expected, rows.is_spot[row] == 1 ? 0.03 : 0.001);
  }
}

}  // namespace
}  // namespace optiinfra::fleet
