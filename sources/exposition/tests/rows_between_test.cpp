#include "optiinfra/exposition/rows_between.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "samples.hpp"

namespace optiinfra::exposition {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MATCHER_P2(Bucket, upper, count, "") { return arg.upper == upper && arg.cumulative == count; }

const double kInfinity = std::numeric_limits<double>::infinity();

std::string tokens(const char* value) {
  return "vllm:generation_tokens_total{model_name=\"m\"} " + std::string(value) + "\n";
}

TEST(RowsBetween, TheFirstReadingHasGaugesAndNoIncrease) {
  const MetricsReading reading =
      reading_of(tokens("500") + "vllm:num_requests_running{model_name=\"m\"} 2\n", 0);
  const RowsBetween rows = rows_between(nullptr, reading, AliasTable::builtin(), owner());
  ASSERT_EQ(rows.servings.size(), 1u);
  EXPECT_EQ(rows.servings[0].interval_seconds, 0);
  EXPECT_EQ(rows.servings[0].requests_running, 2);
  EXPECT_FALSE(rows.servings[0].completion_tokens);
  EXPECT_EQ(rows.first_sights, 1u);
}

TEST(RowsBetween, ACounterGivesItsIncrease) {
  const auto row = serving_of(tokens("500"), tokens("740"));
  EXPECT_EQ(row.completion_tokens, 240);
  EXPECT_EQ(row.interval_seconds, 10);
  EXPECT_EQ(row.model_name, "m");
  EXPECT_EQ(row.service_type, "vllm");
  EXPECT_EQ(row.instance_id, "10.0.0.1:8000");
  EXPECT_FALSE(row.prompt_tokens) << "not measured is not 0";
}

TEST(RowsBetween, ACounterThatStandsStillIsZero) {
  EXPECT_EQ(serving_of(tokens("7"), tokens("7")).completion_tokens, 0);
}

TEST(RowsBetween, AfterAResetACounterGivesWhatItHasCountedSince) {
  const RowsBetween rows = rows_of(tokens("500"), tokens("40"));
  EXPECT_EQ(rows.servings.at(0).completion_tokens, 40);
  EXPECT_EQ(rows.resets, 1u);
}

TEST(RowsBetween, ARestartIsSeenAlsoWhereTheCounterIsLargerThanBefore) {
  const auto with_start = [](const char* value, const char* start) {
    return tokens(value) + "vllm:generation_tokens_created{model_name=\"m\"} " + start + "\n";
  };
  EXPECT_EQ(serving_of(with_start("100", "1799999000"), with_start("150", "1800000004")).completion_tokens,
            150);
  EXPECT_EQ(serving_of(with_start("100", "1799999000"), with_start("150", "1799999000")).completion_tokens,
            50);
  const auto with_process = [](const char* value, const char* start) {
    return tokens(value) + "process_start_time_seconds " + start + "\n";
  };
  EXPECT_EQ(
      serving_of(with_process("100", "1799999000"), with_process("150", "1800000004")).completion_tokens,
      150);
  EXPECT_EQ(
      serving_of(with_process("100", "1799999000"), with_process("150", "1799999000.5")).completion_tokens,
      50);
}

TEST(RowsBetween, AStartTimeInTheFutureOfOurClockDoesNotCountAgainAndAgain) {
  // The target's clock is an hour ahead.
  const auto text = [](const char* value) {
    return tokens(value) + "vllm:generation_tokens_created{model_name=\"m\"} 1800003600\n";
  };
  EXPECT_EQ(serving_of(text("100"), text("150")).completion_tokens, 50);
}

TEST(RowsBetween, TheRestartOfAnExporterIsNoResetOfWhatTheKernelCounts) {
  const auto text = [](const char* bytes, const char* start) {
    return "node_network_receive_bytes_total{device=\"eth0\"} " + std::string(bytes) +
           "\nprocess_start_time_seconds " + start + "\n";
  };
  EXPECT_FLOAT_EQ(
      *resource_of(text("1000000000", "1799990000"), text("1001250000", "1800000005")).network_rx_mbps, 1);
}

TEST(RowsBetween, ASeriesThatAppearsCountsOnlyWhereItSaysThatItBeganSince) {
  const std::string other = "vllm:prompt_tokens_total{model_name=\"m\"} 1\n";
  EXPECT_FALSE(serving_of(other, other + tokens("30")).completion_tokens);
  EXPECT_EQ(serving_of(other,
                       other + tokens("30") + "vllm:generation_tokens_created{model_name=\"m\"} 1800000003\n")
                .completion_tokens,
            30);
  EXPECT_FALSE(serving_of(other, other + tokens("30") +
                                     "vllm:generation_tokens_created{model_name=\"m\"} 1799990000\n")
                   .completion_tokens);
}

TEST(RowsBetween, ASeriesThatVanishedAndCameBackIsSeenForTheFirstTime) {
  const MetricsReading first = reading_of(tokens("10"), 0),
                       without = reading_of("vllm:num_requests_running 0\n", 10),
                       back = reading_of(tokens("90"), 20);
  EXPECT_THAT(rows_between(&first, without, AliasTable::builtin(), owner()).servings.at(0).completion_tokens,
              testing::Eq(std::nullopt));
  const RowsBetween rows = rows_between(&without, back, AliasTable::builtin(), owner());
  EXPECT_THAT(rows.servings, IsEmpty());
  EXPECT_EQ(rows.first_sights, 1u);
}

TEST(RowsBetween, AReadingOfLongAgoOrOfLaterCountsAsNone) {
  const MetricsReading old = reading_of(tokens("10"), 0), recent = reading_of(tokens("30"), 300),
                       late = reading_of(tokens("30"), 301);
  EXPECT_EQ(rows_between(&old, recent, AliasTable::builtin(), owner()).servings.at(0).completion_tokens, 20);
  EXPECT_THAT(rows_between(&old, late, AliasTable::builtin(), owner()).servings, IsEmpty());
  EXPECT_THAT(rows_between(&recent, old, AliasTable::builtin(), owner()).servings, IsEmpty());
  EXPECT_THAT(rows_between(&old, old, AliasTable::builtin(), owner()).servings, IsEmpty());
}

TEST(RowsBetween, TheOrderOfSeriesAndLabelsDoesNotMatter) {
  const auto row = serving_of(
      "vllm:generation_tokens_total{model_name=\"m\",engine=\"0\"} "
      "1\nvllm:generation_tokens_total{model_name=\"m\",engine=\"1\"} 10\n",
      "vllm:generation_tokens_total{engine=\"1\",model_name=\"m\"} "
      "30\nvllm:generation_tokens_total{engine=\"0\",model_name=\"m\"} 3\n");
  EXPECT_EQ(row.completion_tokens, 22);
}

TEST(RowsBetween, EachModelIsARow) {
  const auto text = [](int a, int b) {
    return "vllm:prompt_tokens_total{model_name=\"a\"} " + std::to_string(a) +
           "\nvllm:prompt_tokens_total{model_name=\"b\"} " + std::to_string(b) + "\n";
  };
  const RowsBetween rows = rows_of(text(1, 2), text(11, 22));
  ASSERT_EQ(rows.servings.size(), 2u);
  EXPECT_EQ(rows.servings[0].prompt_tokens, 10);
  EXPECT_EQ(rows.servings[1].prompt_tokens, 20);
}

std::string histogram(const std::vector<std::pair<std::string, double>>& buckets, double sum, double count) {
  std::string text;
  for (const auto& [upper, value] : buckets)
    text += "vllm:request_queue_time_seconds_bucket{le=\"" + upper + "\"} " + std::to_string(value) + "\n";
  return text + "vllm:request_queue_time_seconds_sum " + std::to_string(sum) +
         "\nvllm:request_queue_time_seconds_count " + std::to_string(count) + "\n";
}

TEST(RowsBetween, AHistogramGivesWhatEachBucketGained) {
  const auto row = serving_of(histogram({{"0.5", 1}, {"1.0", 3}, {"+Inf", 4}}, 5, 4),
                              histogram({{"0.5", 2}, {"1.0", 6}, {"+Inf", 9}}, 12.5, 9));
  EXPECT_THAT(row.queue, ElementsAre(Bucket(0.5, 1), Bucket(1.0, 2), Bucket(kInfinity, 2)));
  EXPECT_EQ(row.queue_seconds, 7.5);
  EXPECT_EQ(row.queue_count, 5);
  EXPECT_THAT(row.latency, IsEmpty());
}

TEST(RowsBetween, AHistogramThatStartedAgainGivesWhatItHasSince) {
  const RowsBetween rows =
      rows_of(histogram({{"0.5", 10}, {"+Inf", 20}}, 50, 20), histogram({{"0.5", 1}, {"+Inf", 3}}, 4, 3));
  EXPECT_THAT(rows.servings.at(0).queue, ElementsAre(Bucket(0.5, 1), Bucket(kInfinity, 2)));
  EXPECT_EQ(rows.servings.at(0).queue_seconds, 4);
  EXPECT_EQ(rows.resets, 1u);
}

TEST(RowsBetween, AHistogramWithOtherBoundsHasSumAndCountAndNoDistribution) {
  const RowsBetween rows = rows_of(histogram({{"0.5", 1}, {"+Inf", 2}}, 5, 2),
                                   histogram({{"0.25", 1}, {"0.5", 3}, {"+Inf", 6}}, 11, 6));
  EXPECT_THAT(rows.servings.at(0).queue, IsEmpty());
  EXPECT_EQ(rows.servings.at(0).queue_seconds, 6);
  EXPECT_EQ(rows.servings.at(0).queue_count, 4);
  EXPECT_EQ(rows.changed_buckets, 1u);
}

TEST(RowsBetween, ALastBucketWithoutABoundIsMadeWhereItLacks) {
  const auto row = serving_of(histogram({{"0.5", 1}}, 5, 4), histogram({{"0.5", 3}}, 9, 11));
  EXPECT_THAT(row.queue, ElementsAre(Bucket(0.5, 2), Bucket(kInfinity, 5)));
}

TEST(RowsBetween, BucketsOfAnyOrderAreSortedAndNoneIsNegative) {
  const auto row = serving_of(histogram({{"+Inf", 0}, {"1", 0}, {"0.5", 0}}, 0, 0),
                              histogram({{"+Inf", 5}, {"1", 3}, {"0.5", 4}}, 1, 5));
  EXPECT_THAT(row.queue, ElementsAre(Bucket(0.5, 4), Bucket(1.0, 0), Bucket(kInfinity, 1)));
}

// A random history of a server that restarts now and then: of all readings together no increase is counted
// twice, and only what was counted between a reading and a restart is lost.
TEST(RowsBetween, IncreasesOfARandomHistoryAddUp) {
  const auto seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE(seed);
  for (int round = 0; round < 50; ++round) {
    double counted = 0, lost = 0, total = 0, unread = 0, told = 0, first = -1;
    std::optional<MetricsReading> before;
    for (int second = 10; second < 2'000; second += 10) {
      const double more = static_cast<double>(random() % 1'000);
      counted += more, total += more, unread += more;
      if (random() % 10 == 0) {  // It restarts: a smaller value follows, or it counts from zero again.
        if (first >= 0) lost += unread;
        if (first < 0) total = 0;
        counted = unread = 0;
        continue;
      }
      if (random() % 5 == 0) continue;  // A scrape fails.
      MetricsReading after =
          reading_of("vllm:prompt_tokens_total " + std::to_string(counted) + "\nvllm:prompt_tokens_created " +
                         std::to_string(1'700'000'000 + static_cast<int>(lost) % 1'000'000) + "\n",
                     second);
      if (first < 0) first = total;
      const RowsBetween rows =
          rows_between(before ? &*before : nullptr, after, AliasTable::builtin(), owner());
      for (const ServingInterval& row : rows.servings) told += row.prompt_tokens.value_or(0);
      unread = 0;
      before = std::move(after);
    }
    ASSERT_NEAR(told, total - first - lost - unread, 0.001) << round;
  }
}

TEST(RowsBetween, TheRealTextOfVllmReplayedWithKnownIncreases) {
  const std::string first = data("vllm-a.prom");
  std::string second = first;
  const std::string labels = "{engine=\"0\",model_name=\"Qwen/Qwen2.5-0.5B-Instruct\"}";
  const auto le = [](const char* bound) {
    return "{engine=\"0\",le=\"" + std::string(bound) + "\",model_name=\"Qwen/Qwen2.5-0.5B-Instruct\"}";
  };
  set_value(second, "vllm:num_requests_running" + labels, "3.0");
  set_value(second, "vllm:kv_cache_usage_perc" + labels, "0.125");
  set_value(second, "vllm:prompt_tokens_total" + labels, "1200.0");
  set_value(second, "vllm:prompt_tokens_cached_total" + labels, "400.0");
  set_value(second, "vllm:prefix_cache_hits_total" + labels, "999.0");
  set_value(second, "vllm:generation_tokens_total" + labels, "640.0");
  set_value(second,
            "vllm:request_success_total{engine=\"0\",finished_reason=\"stop\",model_name=\"Qwen/"
            "Qwen2.5-0.5B-Instruct\"}",
            "5.0");
  set_value(second,
            "vllm:request_success_total{engine=\"0\",finished_reason=\"length\",model_name=\"Qwen/"
            "Qwen2.5-0.5B-Instruct\"}",
            "2.0");
  set_value(second,
            "vllm:request_success_total{engine=\"0\",finished_reason=\"abort\",model_name=\"Qwen/"
            "Qwen2.5-0.5B-Instruct\"}",
            "1.0");
  set_value(second, "vllm:request_prefill_time_seconds_sum" + labels, "0.75");
  set_value(second, "vllm:request_prefill_time_seconds_count" + labels, "8.0");
  for (const char* const bound : {"0.06", "0.08"})
    set_value(second, "vllm:time_to_first_token_seconds_bucket" + le(bound), "2.0");
  for (const char* const bound : {"0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "7.5", "10.0", "20.0",
                                  "40.0", "80.0", "160.0", "640.0", "2560.0"})
    set_value(second, "vllm:time_to_first_token_seconds_bucket" + le(bound), "7.0");
  set_value(second, "vllm:time_to_first_token_seconds_bucket" + le("+Inf"), "8.0");
  set_value(second, "vllm:time_to_first_token_seconds_count" + labels, "8.0");
  const RowsBetween rows = rows_of(first, second);
  ASSERT_EQ(rows.servings.size(), 1u);
  EXPECT_THAT(rows.resources, IsEmpty());
  const ServingInterval& row = rows.servings[0];
  EXPECT_EQ(row.model_name, "Qwen/Qwen2.5-0.5B-Instruct");
  EXPECT_EQ(row.requests_running, 3);
  EXPECT_EQ(row.requests_waiting, 0);
  EXPECT_EQ(row.kv_cache_utilization, 12.5);
  EXPECT_EQ(row.prompt_tokens, 1200);
  EXPECT_EQ(row.cached_tokens, 400);
  EXPECT_EQ(row.completion_tokens, 640);
  EXPECT_EQ(row.preemptions, 0);
  EXPECT_EQ(row.requests_finished, 8);
  EXPECT_EQ(row.requests_finished_by_length, 2);
  EXPECT_EQ(row.requests_aborted, 1);
  EXPECT_EQ(row.requests_failed, 0);
  EXPECT_EQ(row.prefill_seconds, 0.75);
  EXPECT_EQ(row.prefill_count, 8);
  EXPECT_EQ(row.decode_seconds, 0);
  ASSERT_EQ(row.time_to_first_token.size(), 23u);
  EXPECT_THAT(row.time_to_first_token[5], Bucket(0.06, 2));
  EXPECT_THAT(row.time_to_first_token[7], Bucket(0.1, 5));
  EXPECT_THAT(row.time_to_first_token[22], Bucket(kInfinity, 1));
}

TEST(RowsBetween, TheRealTextOfDcgmReplayedWithKnownIncreases) {
  const std::string first = data("dcgm-exporter-b.prom");
  std::string second = first;
  const std::string labels =
      "{gpu=\"0\",UUID=\"GPU-5b4e07f6-3a86-4340-039d-25f2a83cdc43\",pci_bus_id=\"00000000:00:07.0\",device="
      "\"nvidia0\","
      "modelName=\"NVIDIA L40S\",Hostname=\"gpu1-wl8sg\",DCGM_FI_DRIVER_VERSION=\"595.58.03\"}";
  set_value(second, "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION" + labels, "5553399580");
  set_value(second, "DCGM_FI_DEV_FB_USED" + labels, "459");
  set_value(second, "DCGM_FI_DEV_FB_FREE" + labels, "45000");
  set_value(second, "DCGM_FI_PROF_GR_ENGINE_ACTIVE" + labels, "0.75");
  set_value(second, "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels, "0.5");
  const ResourceMetric row = resource_of(first, second);
  EXPECT_EQ(row.timestamp, std::chrono::floor<std::chrono::seconds>(at_second(10)));
  EXPECT_EQ(row.instance_id, "gpu1-wl8sg");
  EXPECT_EQ(row.gpu_uuid, "GPU-5b4e07f6-3a86-4340-039d-25f2a83cdc43");
  EXPECT_EQ(row.gpu_name, "NVIDIA L40S");
  EXPECT_FLOAT_EQ(*row.gpu_energy_j, 1500);
  EXPECT_FLOAT_EQ(*row.gpu_memory_used_mb, 459);
  EXPECT_FLOAT_EQ(*row.gpu_memory_total_mb, 46067);
  EXPECT_FLOAT_EQ(*row.gpu_utilization, 75);
  EXPECT_FLOAT_EQ(*row.gpu_tensor_active, 50);
  EXPECT_FLOAT_EQ(*row.gpu_dram_active, 0.0131F);
  EXPECT_FLOAT_EQ(*row.gpu_temperature, 32);
  EXPECT_FALSE(row.gpu_memory_temperature) << "0 means that there is no sensor";
  EXPECT_FLOAT_EQ(*row.gpu_power_w, 35.686F);
  EXPECT_FALSE(row.cpu_utilization);
}

TEST(RowsBetween, TheRealTextOfTheNodeExporterReplayedWithKnownIncreases) {
  const std::string first = "\n" + data("node-exporter.prom");
  std::string second = first;
  // 8 seconds of idling and 2 of work on each of two of the processors: 20 % busy.
  set_value(second, "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"}", "10878.69");
  set_value(second, "node_cpu_seconds_total{cpu=\"0\",mode=\"user\"}", "446.9");
  set_value(second, "node_cpu_seconds_total{cpu=\"1\",mode=\"iowait\"}", "13.91");
  set_value(second, "node_cpu_seconds_total{cpu=\"1\",mode=\"system\"}", "166.74");
  const ResourceMetric row = resource_of(first, second);
  EXPECT_NEAR(*row.cpu_utilization, 20, 1e-4);
  EXPECT_NEAR(*row.memory_total_gb, 3.831959552, 1e-6);
  EXPECT_FALSE(row.memory_used_gb) << "this kernel does not tell what is available";
  EXPECT_FALSE(row.network_rx_mbps);
}

}  // namespace
}  // namespace optiinfra::exposition
