// From samples of remote write to rows: which samples belong together, what counts and whose it is.
#include "optiinfra/remote_write/gather.hpp"

#include <gmock/gmock.h>

#include "optiinfra/core/identity.hpp"
#include "remote_write_testing.hpp"

namespace optiinfra::remote_write {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

constexpr std::string_view kFirst =
    "vllm:num_requests_running{model_name=\"llama\"} 3\n"
    "vllm:kv_cache_usage_perc{model_name=\"llama\"} 0.25\n"
    "vllm:prompt_tokens_total{model_name=\"llama\"} 5000\n"
    "vllm:generation_tokens_total{model_name=\"llama\"} 1000\n"
    "vllm:e2e_request_latency_seconds_bucket{model_name=\"llama\",le=\"1\"} 4\n"
    "vllm:e2e_request_latency_seconds_bucket{model_name=\"llama\",le=\"+Inf\"} 6\n"
    "vllm:e2e_request_latency_seconds_sum{model_name=\"llama\"} 9\n"
    "vllm:e2e_request_latency_seconds_count{model_name=\"llama\"} 6\n";
constexpr std::string_view kSecond =
    "vllm:num_requests_running{model_name=\"llama\"} 5\n"
    "vllm:kv_cache_usage_perc{model_name=\"llama\"} 0.5\n"
    "vllm:prompt_tokens_total{model_name=\"llama\"} 5600\n"
    "vllm:generation_tokens_total{model_name=\"llama\"} 1640\n"
    "vllm:e2e_request_latency_seconds_bucket{model_name=\"llama\",le=\"1\"} 7\n"
    "vllm:e2e_request_latency_seconds_bucket{model_name=\"llama\",le=\"+Inf\"} 10\n"
    "vllm:e2e_request_latency_seconds_sum{model_name=\"llama\"} 13\n"
    "vllm:e2e_request_latency_seconds_count{model_name=\"llama\"} 10\n";

std::string tokens(int count) {
  return "vllm:generation_tokens_total{model_name=\"llama\"} " + std::to_string(count) + "\n";
}

TEST(RemoteWriteRows, AreMadeOfSamplesInAnyOrderOverSeveralRequests) {
  Receiving receiving;
  receiving.send(scraped(kFirst, 0), 0);
  EXPECT_EQ(receiving.serving_at(16).interval_seconds, 0);
  // One series a request, the last one first.
  std::vector<SentSeries> sent = scraped(kSecond, 10);
  for (std::size_t i = sent.size(); i-- > 0;) receiving.send({sent[i]}, 20.0 + static_cast<double>(i) / 10);
  EXPECT_TRUE(receiving.rows_at(35).empty());
  const ServingMetric row = receiving.serving_at(36);
  EXPECT_EQ(row.timestamp, std::chrono::floor<std::chrono::seconds>(at_second(10)));
  EXPECT_EQ(row.customer_id, identity_of("customer", "acme"));
  EXPECT_EQ(row.service_id, identity_of("service", "vllm"));
  EXPECT_EQ(row.instance_id, "10.0.0.1:8000");
  EXPECT_EQ(row.service_type, "vllm");
  EXPECT_EQ(row.model_name, "llama");
  EXPECT_EQ(row.interval_seconds, 10);
  EXPECT_THAT(row.requests_running, Optional(5.0F));
  EXPECT_THAT(row.kv_cache_utilization, Optional(50.0F));
  EXPECT_THAT(row.prompt_tokens, Optional(600u));
  EXPECT_THAT(row.completion_tokens, Optional(640u));
  EXPECT_EQ(row.latency_histogram, R"({"1000000":3,"+Inf":1})");
  EXPECT_EQ(receiving.gatherer.counts().understood, 16u);
  EXPECT_EQ(receiving.gatherer.usage().samples_waiting, 0u);
}

TEST(RemoteWriteRows, ARepeatedRequestCountsOnce) {
  Receiving receiving;
  receiving.send(scraped(kFirst, 0), 0);
  receiving.rows_at(16);
  receiving.send(scraped(kSecond, 10), 20);
  receiving.send(scraped(kSecond, 10), 21);
  EXPECT_THAT(receiving.serving_at(40).completion_tokens, Optional(640u));
  const RemoteWriteAnswer answer = receiving.send(scraped(kSecond, 10), 41);
  EXPECT_EQ(answer.refused, 0u);
  EXPECT_FALSE(answer.is_needed);
  EXPECT_TRUE(receiving.rows_at(60).empty());
  EXPECT_EQ(receiving.gatherer.counts().late, 8u);
}

TEST(RemoteWriteRows, ACounterThatComesTooLateLosesNothing) {
  Receiving receiving;
  receiving.send(scraped(tokens(100), 0), 0);
  receiving.send(scraped(kFirst, 10), 10);      // The tokens of this time, 1000, are 900 more.
  EXPECT_EQ(receiving.rows_at(30).size(), 1u);  // The first reading measured nothing.
  // At the next time the tokens come after the row was made.
  std::vector<SentSeries> sent = scraped(kSecond, 20);
  const auto late = std::find_if(sent.begin(), sent.end(), [](const SentSeries& each) {
    return each.labels.at("__name__") == "vllm:generation_tokens_total";
  });
  const std::vector<SentSeries> late_series{*late};
  sent.erase(late);
  receiving.send(sent, 31);
  const ServingMetric without = receiving.serving_at(50);
  EXPECT_EQ(without.completion_tokens, std::nullopt);
  EXPECT_THAT(without.prompt_tokens, Optional(600u));
  EXPECT_EQ(receiving.send(late_series, 51).refused, 0u);
  // Then the next row has what was counted since the value that was known.
  receiving.send(scraped(tokens(1700), 30), 52);
  EXPECT_THAT(receiving.serving_at(70).completion_tokens, Optional(700u));
}

TEST(RemoteWriteRows, StalenessMarkersAreAbsentAndCostNoIncrease) {
  Receiving receiving;
  receiving.send(scraped(kFirst, 0), 0);
  receiving.rows_at(20);
  std::vector<SentSeries> markers = scraped(kFirst, 10);
  for (SentSeries& each : markers) each.samples[0].value = kStaleMarker;
  receiving.send(markers, 21);
  EXPECT_TRUE(receiving.rows_at(40).empty());
  EXPECT_EQ(receiving.gatherer.counts().absent, 8u);
  receiving.send(scraped(kSecond, 20), 41);
  const ServingMetric row = receiving.serving_at(60);
  EXPECT_EQ(row.interval_seconds, 20);
  EXPECT_THAT(row.completion_tokens, Optional(640u));
}

TEST(RemoteWriteRows, ACounterThatBeganAgainGivesWhatItCountedSince) {
  Receiving receiving;
  receiving.send(scraped(tokens(1000), 0), 0);
  receiving.send(scraped(tokens(70), 10), 10);
  const auto rows = receiving.rows_at(30);
  ASSERT_EQ(rows.size(), 1u);  // The first reading measured nothing: no row.
  EXPECT_THAT(rows[0].servings.at(0).completion_tokens, Optional(70u));
  EXPECT_EQ(receiving.gatherer.counts().resets, 1u);
}

TEST(RemoteWriteRows, SeveralTimesInOneRequestAreSeveralRows) {
  Receiving receiving;
  std::vector<SentSeries> sent = scraped(tokens(100), 0);
  for (int i = 1; i <= 3; ++i) sent[0].samples.push_back({100.0 + 10 * i, ms_at(10 * i), {}});
  receiving.send(sent, 100);
  const auto rows = receiving.rows_at(116);
  ASSERT_EQ(rows.size(), 3u);
  for (const GatheredRows& each : rows) EXPECT_THAT(each.servings.at(0).completion_tokens, Optional(10u));
  EXPECT_NE(rows[0].serving_identity, rows[1].serving_identity);
}

TEST(RemoteWriteRows, TellWhoseTheyAre) {
  Receiving receiving;
  auto labels = target();
  labels["service"] = "chat";
  labels["instance"] = "gpu-1";
  labels["instance_type"] = "p5.48xlarge";
  receiving.send(scraped("DCGM_FI_DEV_GPU_UTIL{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"box\"} 40\n", 0, labels),
                 0);
  labels["instance"] = "10.0.0.2:9400";
  receiving.send(scraped("DCGM_FI_DEV_GPU_UTIL{gpu=\"1\",UUID=\"GPU-2\",Hostname=\"box\"} 40\n", 0, labels),
                 0);
  labels = {{"job", "tgi"}, {"instance", "10.0.0.3:80"}, {"model", "falcon"}};
  const RemoteWriteOrigin origin{.customers = {{7, 7}}, .service = "completion"};
  receiving.send(scraped("tgi_queue_size 4\n", 0, labels), 0, origin);
  auto rows = receiving.rows_at(16);
  ASSERT_EQ(rows.size(), 3u);
  std::sort(rows.begin(), rows.end(), [](const GatheredRows& a, const GatheredRows& b) {
    return (a.resources.empty() ? "" : a.resources[0].gpu_uuid) <
           (b.resources.empty() ? "" : b.resources[0].gpu_uuid);
  });
  EXPECT_EQ(rows[0].servings.at(0).customer_id, (Uuid{7, 7}));
  EXPECT_EQ(rows[0].servings.at(0).service_id, identity_of("service", "completion"));
  EXPECT_EQ(rows[0].servings.at(0).model_name, "falcon");
  EXPECT_EQ(rows[1].resources.at(0).instance_id, "gpu-1");
  EXPECT_EQ(rows[1].resources.at(0).instance_type, "p5.48xlarge");
  // An address is what Prometheus says of an instance that has no name: the exporter's own goes before it.
  EXPECT_EQ(rows[2].resources.at(0).instance_id, "box");
}

TEST(RemoteWriteRows, NobodyWritesForOthers) {
  Receiving receiving;
  const RemoteWriteOrigin other{.customers = {{7, 7}}};
  RemoteWriteAnswer answer = receiving.send(scraped(tokens(1), 0), 0, other);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_EQ(answer.samples, 0u);
  EXPECT_THAT(answer.reason, HasSubstr("must not write for the customer acme"));
  // Nor where the target is known, from one who may.
  EXPECT_EQ(receiving.send(scraped(tokens(1), 0), 0).refused, 0u);
  answer = receiving.send(scraped(tokens(2), 10), 10, other);
  EXPECT_EQ(answer.refused, 1u);
  const RemoteWriteOrigin own{.customers = {identity_of("customer", "acme")}};
  EXPECT_EQ(receiving.send(scraped(tokens(2), 10), 10, own).refused, 0u);
}

TEST(RemoteWriteRows, ASeriesWithoutACustomerIsRefusedAndTheOthersAreTaken) {
  Receiving receiving;
  std::vector<SentSeries> sent = scraped(tokens(1), 0);
  sent.push_back(sent[0]);
  sent[0].labels.erase("customer");
  const RemoteWriteAnswer answer = receiving.send(sent, 0);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_EQ(answer.samples, 1u);
  EXPECT_THAT(answer.reason, HasSubstr("names no customer"));
  EXPECT_EQ(receiving.gatherer.usage().targets, 1u);
  const auto& refused = receiving.gatherer.counts().refused;
  EXPECT_EQ(refused.total(), 1u);
  EXPECT_THAT(refused.by_name().begin()->first, HasSubstr("vllm:generation_tokens_total"));
}

TEST(RemoteWriteRows, WhatIsUnknownIsNamedAndNoError) {
  Receiving receiving;
  const RemoteWriteAnswer answer = receiving.send(
      scraped("mystery_total 1\nmystery_total{a=\"b\"} 1\nvllm:cache_config_info 1\nup 1\n", 0), 0);
  EXPECT_EQ(answer.refused, 0u);
  EXPECT_EQ(answer.samples, 4u);
  EXPECT_FALSE(answer.is_needed);
  const RemoteWriteCounts& counts = receiving.gatherer.counts();
  EXPECT_EQ(counts.unneeded, 2u);
  EXPECT_EQ(counts.unknown.total(), 2u);
  EXPECT_EQ(counts.unknown.by_name().at("mystery_total"), 2u);
  EXPECT_EQ(receiving.gatherer.usage().targets, 0u);
}

TEST(RemoteWriteRows, NamesOfUnknownMetricsAreBounded) {
  NamedCounts counts;
  for (std::size_t i = 0; i < 2 * kCountedNamesMax; ++i) counts.add("metric" + std::to_string(i), 1);
  EXPECT_EQ(counts.by_name().size(), kCountedNamesMax);
  EXPECT_EQ(counts.others(), kCountedNamesMax);
  EXPECT_EQ(counts.total(), 2 * kCountedNamesMax);
}

TEST(RemoteWriteRows, OfTwoReplicasOneCounts) {
  Receiving receiving;
  const auto from = [](const char* replica, int count, double second) {
    auto labels = target();
    labels["prometheus_replica"] = replica;
    return scraped(tokens(count), second, labels);
  };
  receiving.send(from("a", 100, 0), 0);
  receiving.send(from("b", 101, 0.5), 0.5);
  receiving.send(from("a", 200, 10), 10);
  receiving.send(from("b", 199, 10.5), 10.5);
  EXPECT_EQ(receiving.gatherer.counts().replicas, 2u);
  auto rows = receiving.rows_at(30);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows[0].servings.at(0).completion_tokens, Optional(100u));
  // The other one takes over when the first has been silent.
  receiving.send(from("b", 900, 80.5), 80.5);
  EXPECT_THAT(receiving.serving_at(100).completion_tokens, Optional(700u));
}

TEST(RemoteWriteRows, ASampleAheadOfTheClockIsRefused) {
  Receiving receiving;
  EXPECT_EQ(receiving.send(scraped(tokens(1), 290), 0).refused, 0u);
  const RemoteWriteAnswer answer = receiving.send(scraped(tokens(1), 310), 0);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_THAT(answer.reason, HasSubstr("ahead of this machine's clock"));
}

TEST(RemoteWriteRows, AnExplosionOfLabelsIsLimitedAndNamed) {
  Receiving receiving;
  std::vector<SentSeries> sent;
  for (std::size_t i = 0; i <= kRemoteTargetSamplesMax; ++i) {
    sent.push_back(scraped(tokens(1), 0)[0]);
    sent.back().labels["request"] = std::to_string(i);
  }
  const RemoteWriteAnswer answer = receiving.send(sent, 0);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_EQ(receiving.gatherer.counts().refused.by_name().count(
                "one target has too many series: vllm:generation_tokens_total"),
            1u);
  SentSeries wide = scraped(tokens(1), 0)[0];
  for (int i = 0; i < 200; ++i) wide.labels["l" + std::to_string(i)] = "x";
  EXPECT_THAT(receiving.send({wide}, 0).reason, HasSubstr("too many labels"));
}

TEST(RemoteWriteRecords, AreReleasedWhenNoLaterRowNeedsThem) {
  using Records = std::vector<std::uint64_t>;
  Receiving receiving;
  receiving.send(scraped(tokens(1), 0), 0);
  receiving.send(scraped("mystery 1\n", 0), 0);
  EXPECT_EQ(receiving.gatherer.take_released(), Records{2});
  receiving.rows_at(20);
  // The next row is compared with it.
  EXPECT_EQ(receiving.gatherer.take_released(), Records{});
  receiving.send(scraped(tokens(2), 10), 20);
  receiving.rows_at(40);
  EXPECT_EQ(receiving.gatherer.take_released(), Records{1});
  receiving.send(scraped(tokens(2), 10), 41);
  EXPECT_EQ(receiving.gatherer.take_released(), Records{4});
  // A target that is gone for good.
  receiving.rows_at(4 * 3600);
  EXPECT_EQ(receiving.gatherer.take_released(), Records{3});
  EXPECT_EQ(receiving.gatherer.usage().targets, 0u);
}

}  // namespace
}  // namespace optiinfra::remote_write
