// The traps of the sources' names and units, one test each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"

namespace optiinfra::exposition {
namespace {

using testing::IsEmpty;

TEST(Traps, AHistogramWhoseNameEndsInTotalIsNoCounter) {
  EXPECT_TRUE(AliasTable::builtin().find("vllm:iteration_tokens_total").empty());
  EXPECT_TRUE(AliasTable::builtin().find("vllm:iteration_tokens_total_sum").empty());
  EXPECT_NE(AliasTable::builtin().find_known("vllm:iteration_tokens_total_bucket"), nullptr);
}

TEST(Traps, TheOldAndTheNewNameOfTheKvCacheCountOnceAndAsAPercentage) {
  const auto row = serving_of(
      "",
      "vllm:gpu_cache_usage_perc{model_name=\"m\"} 0.3\nvllm:kv_cache_usage_perc{model_name=\"m\"} 0.25\n");
  EXPECT_DOUBLE_EQ(*row.kv_cache_utilization, 25);
  EXPECT_DOUBLE_EQ(*serving_of("", "vllm:gpu_cache_usage_perc 0.3\n").kv_cache_utilization, 30);
}

TEST(Traps, EnginesOfOneServerAddUpAndTheFullestCacheCounts) {
  const auto row = serving_of("",
                              "vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 3\n"
                              "vllm:num_requests_running{engine=\"1\",model_name=\"m\"} 4\n"
                              "vllm:kv_cache_usage_perc{engine=\"0\",model_name=\"m\"} 0.1\n"
                              "vllm:kv_cache_usage_perc{engine=\"1\",model_name=\"m\"} 0.9\n");
  EXPECT_EQ(row.requests_running, 7);
  EXPECT_DOUBLE_EQ(*row.kv_cache_utilization, 90);
}

TEST(Traps, RanksOfATensorParallelGroupAreNotAddedUpAndReplicasAre) {
  const auto series = [](int tp, int dp, int value) {
    return "sglang:num_running_reqs{model_name=\"m\",tp_rank=\"" + std::to_string(tp) + "\",dp_rank=\"" +
           std::to_string(dp) + "\"} " + std::to_string(value) + "\n";
  };
  const auto row = serving_of("", series(0, 0, 5) + series(1, 0, 5) + series(0, 1, 2) + series(1, 1, 2));
  EXPECT_EQ(row.requests_running, 7);
  const auto counter = [](int tp, int value) {
    return "sglang_generation_tokens_total{tp_rank=\"" + std::to_string(tp) + "\"} " + std::to_string(value) +
           "\n";
  };
  EXPECT_EQ(serving_of(counter(0, 10) + counter(1, 10), counter(0, 25) + counter(1, 25)).completion_tokens,
            15);
}

TEST(Traps, TheMeanTimePerOutputTokenOfARequestIsNoInterTokenLatency) {
  for (const char* const name :
       {"vllm:request_time_per_output_token_seconds", "trtllm_time_per_output_token_seconds",
        "gen_ai_server_time_per_output_token_seconds", "tgi_request_mean_time_per_token_duration"}) {
    EXPECT_TRUE(AliasTable::builtin().find(std::string(name) + "_bucket").empty()) << name;
    EXPECT_NE(AliasTable::builtin().find_known(std::string(name) + "_bucket"), nullptr) << name;
  }
}

TEST(Traps, BlankValuesOfDcgmAreAbsent) {
  for (const char* const blank : {"9223372036854775794", "9223372036854775792", "140737488355328",
                                  "2147483632", "NaN", "[N/A]", "+Inf"}) {
    const auto row = resource_of("", "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} " + std::string(blank) +
                                         "\nDCGM_FI_DEV_GPU_TEMP{gpu=\"0\"} 31\n");
    EXPECT_FALSE(row.gpu_utilization) << blank;
    EXPECT_EQ(row.gpu_temperature, 31);
  }
  EXPECT_THAT(rows_of("", "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\"} 9223372036854775794\n").resources, IsEmpty());
}

TEST(Traps, AStaleMarkerIsAbsent) {
  const MetricsReading reading =
      reading_of("vllm:num_requests_running NaN\nvllm:num_requests_waiting 0\n", 0);
  EXPECT_EQ(reading.understood, 2u);
  EXPECT_EQ(reading.absent, 1u);
  const auto row = serving_of("", "vllm:num_requests_running NaN\nvllm:num_requests_waiting 0\n");
  EXPECT_FALSE(row.requests_running);
  EXPECT_EQ(row.requests_waiting, 0);
}

TEST(Traps, ASampleOfLongAgoIsAbsent) {
  const std::string old = std::to_string(at_second(-600).time_since_epoch().count());
  const std::string recent = std::to_string(at_second(-60).time_since_epoch().count());
  EXPECT_THAT(rows_of("", "vllm:num_requests_running 5 " + old + "\n").servings, IsEmpty());
  EXPECT_EQ(serving_of("", "vllm:num_requests_running 5 " + recent + "\n").requests_running, 5);
}

TEST(Traps, FramebufferMemoryIsInMebibytesAndItsTotalIsTheSum) {
  const auto row = resource_of("",
                               "DCGM_FI_DEV_FB_USED{gpu=\"0\"} 1000\nDCGM_FI_DEV_FB_FREE{gpu=\"0\"} 45459\n"
                               "DCGM_FI_DEV_FB_RESERVED{gpu=\"0\"} 608\n");
  EXPECT_EQ(row.gpu_memory_used_mb, 1000);
  EXPECT_EQ(row.gpu_memory_total_mb, 47067);
  EXPECT_FALSE(resource_of("", "DCGM_FI_DEV_FB_USED{gpu=\"0\"} 1000\n").gpu_memory_total_mb);
}

TEST(Traps, ABusyMemoryBusIsNotAFullMemory) {
  EXPECT_THAT(rows_of("", "DCGM_FI_DEV_MEM_COPY_UTIL{gpu=\"0\"} 60\n").resources, IsEmpty());
}

TEST(Traps, EnergyIsInMillijoulesAndAnIncrease) {
  EXPECT_FLOAT_EQ(*resource_of("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"0\"} 4742776\n",
                               "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"0\"} 4749776\n")
                       .gpu_energy_j,
                  7);
}

TEST(Traps, XidIsACodeAndNoCount) {
  EXPECT_EQ(
      resource_of("DCGM_FI_DEV_XID_ERRORS{gpu=\"0\"} 79\n", "DCGM_FI_DEV_XID_ERRORS{gpu=\"0\"} 79\n").gpu_xid,
      79u);
}

TEST(Traps, TheSliceOfAGpuIsARowOfItsOwnWithTheProfilingMetric) {
  const auto rows = rows_of(
      "",
      "DCGM_FI_DEV_GPU_UTIL{gpu=\"0\",UUID=\"GPU-1\",GPU_I_ID=\"3\",GPU_I_PROFILE=\"1g.10gb\"} 0\n"
      "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-1\",GPU_I_ID=\"3\",GPU_I_PROFILE=\"1g.10gb\"} 0.5\n"
      "DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu=\"0\",UUID=\"GPU-1\",GPU_I_ID=\"4\",GPU_I_PROFILE=\"1g.10gb\"} "
      "0.25\n");
  ASSERT_EQ(rows.resources.size(), 2u);
  EXPECT_EQ(rows.resources[0].gpu_utilization, 50);
  EXPECT_EQ(rows.resources[0].mig_profile, "1g.10gb");
  EXPECT_EQ(rows.resources[1].gpu_utilization, 25);
}

TEST(Traps, BothStylesOfDcgmsLabelsAreRead) {
  const auto old = resource_of(
      "", "DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",UUID=\"GPU-a\",modelName=\"NVIDIA L4\",Hostname=\"h1\"} 31\n");
  const auto recent = resource_of(
      "", "DCGM_FI_DEV_GPU_TEMP{gpu=\"1\",uuid=\"GPU-a\",modelName=\"NVIDIA L4\",hostname=\"h1\"} 31\n");
  for (const auto& row : {old, recent}) {
    EXPECT_EQ(row.gpu_index, 1);
    EXPECT_EQ(row.gpu_uuid, "GPU-a");
    EXPECT_EQ(row.gpu_name, "NVIDIA L4");
    EXPECT_EQ(row.instance_id, "h1");
    EXPECT_EQ(row.source, "dcgm-exporter");
  }
}

TEST(Traps, AnInstanceThatWasChosenGoesBeforeTheHostnameOfMetrics) {
  TargetOwner chosen = owner();
  chosen.is_instance_chosen = true;
  const MetricsReading reading = reading_of("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",Hostname=\"h1\"} 31\n", 0);
  EXPECT_EQ(rows_between(nullptr, reading, AliasTable::builtin(), chosen).resources.at(0).instance_id,
            "10.0.0.1:8000");
}

TEST(Traps, InterfacesInsideAHostDoNotCount) {
  std::string first, second;
  for (const char* const device : {"lo", "veth1", "docker0", "cni0", "bond0", "eth0.100", "br-1", "eth0"}) {
    first += "node_network_receive_bytes_total{device=\"" + std::string(device) + "\"} 1000\n";
    second += "node_network_receive_bytes_total{device=\"" + std::string(device) + "\"} 1251000\n";
  }
  first += "node_infiniband_port_data_received_bytes_total{device=\"mlx5_0\",port=\"1\"} 0\n";
  second += "node_infiniband_port_data_received_bytes_total{device=\"mlx5_0\",port=\"1\"} 900000000\n";
  // 1.25 MB in 10 s: 1 Mbit/s, of eth0 alone; InfiniBand is no network interface.
  EXPECT_FLOAT_EQ(*resource_of(first, second).network_rx_mbps, 1);
}

TEST(Traps, CpuIsWhatIsNotIdleOfTheIncreasesAndWaitingForDisksIsIdle) {
  const auto cpu = [](double idle, double iowait, double user) {
    return "node_cpu_seconds_total{cpu=\"0\",mode=\"idle\"} " + std::to_string(idle) +
           "\nnode_cpu_seconds_total{cpu=\"0\",mode=\"iowait\"} " + std::to_string(iowait) +
           "\nnode_cpu_seconds_total{cpu=\"0\",mode=\"user\"} " + std::to_string(user) +
           "\nnode_cpu_guest_seconds_total{cpu=\"0\",mode=\"user\"} 77\n";
  };
  EXPECT_FLOAT_EQ(*resource_of(cpu(1000, 10, 500), cpu(1005, 11, 504)).cpu_utilization, 40);
  EXPECT_THAT(rows_of("", cpu(1005, 11, 504)).resources, IsEmpty());
}

TEST(Traps, MemoryInUseIsTotalLessAvailable) {
  const auto row = resource_of(
      "",
      "node_memory_MemTotal_bytes 16e9\nnode_memory_MemAvailable_bytes 4e9\nnode_memory_MemFree_bytes 1e9\n");
  EXPECT_FLOAT_EQ(*row.memory_total_gb, 16);
  EXPECT_FLOAT_EQ(*row.memory_used_gb, 12);
}

TEST(Traps, NvidiaSmiTellsIndexAndNameApart) {
  const auto row = resource_of("",
                               "nvidia_smi_utilization_gpu_ratio{uuid=\"u1\"} 0.42\n"
                               "nvidia_smi_gpu_info{uuid=\"u1\",index=\"2\",name=\"NVIDIA A100\"} 1\n"
                               "nvidia_smi_memory_used_bytes{uuid=\"u1\"} 1.048576e+09\n");
  EXPECT_FLOAT_EQ(*row.gpu_utilization, 42);
  EXPECT_EQ(row.gpu_index, 2);
  EXPECT_EQ(row.gpu_name, "NVIDIA A100");
  EXPECT_FLOAT_EQ(*row.gpu_memory_used_mb, 1000);
  EXPECT_EQ(resource_of("", "nvidia_smi_temperature_gpu{uuid=\"u\"} 30\nnvidia_smi_index{uuid=\"u\"} 3\n")
                .gpu_index,
            3);
}

TEST(Traps, TgiTellsNoModelAndNoKvCache) {
  TargetOwner told = owner();
  told.model_name = "llama";
  const MetricsReading reading = reading_of("tgi_batch_current_size 4\ntgi_queue_size 1\n", 0);
  const auto row = rows_between(nullptr, reading, AliasTable::builtin(), told).servings.at(0);
  EXPECT_EQ(row.model_name, "llama");
  EXPECT_EQ(row.requests_running, 4);
  EXPECT_FALSE(row.kv_cache_utilization);
}

TEST(Traps, TokenUsageOfOpenTelemetryIsReadBeforeAndAfterItWasSplit) {
  const auto old = serving_of(
      "gen_ai_client_token_usage_sum{gen_ai_token_type=\"input\"} "
      "10\ngen_ai_client_token_usage_sum{gen_ai_token_type=\"output\"} 1\n",
      "gen_ai_client_token_usage_sum{gen_ai_token_type=\"input\"} "
      "30\ngen_ai_client_token_usage_sum{gen_ai_token_type=\"output\"} 6\n");
  EXPECT_EQ(old.prompt_tokens, 20);
  EXPECT_EQ(old.completion_tokens, 5);
  const auto dotted = serving_of(
      R"({"gen_ai.client.token.usage_sum","gen_ai.token.type"="input","gen_ai.request.model"="m"} 1)"
      "\n",
      R"({"gen_ai.client.token.usage_sum","gen_ai.token.type"="input","gen_ai.request.model"="m"} 4)"
      "\n");
  EXPECT_EQ(dotted.prompt_tokens, 3);
  EXPECT_EQ(dotted.model_name, "m");
  const auto split = serving_of("gen_ai_client_inference_usage_input_tokens_total 5\n",
                                "gen_ai_client_inference_usage_input_tokens_total 9\n");
  EXPECT_EQ(split.prompt_tokens, 4);
}

TEST(Traps, DraftsOfSpeculativeDecodingAreNoOutput) {
  const auto counters = [](int generated, int drafted, int accepted) {
    return "vllm:generation_tokens_total " + std::to_string(generated) +
           "\nvllm:spec_decode_num_draft_tokens_total " + std::to_string(drafted) +
           "\nvllm:spec_decode_num_accepted_tokens_total " + std::to_string(accepted) + "\n";
  };
  EXPECT_EQ(serving_of(counters(10, 100, 5), counters(30, 900, 18)).completion_tokens, 20);
}

TEST(Traps, OnlyTheGeneralTaskOfAGpuIsItsUtilization) {
  const auto row = resource_of("", R"({"hw.gpu.utilization","hw.id"="g","hw.gpu.task"="general"} 0.5)"
                                   "\n"
                                   R"({"hw.gpu.utilization","hw.id"="g","hw.gpu.task"="encoder"} 0.9)"
                                   "\n");
  EXPECT_FLOAT_EQ(*row.gpu_utilization, 50);
  EXPECT_EQ(row.gpu_uuid, "g");
}

TEST(Traps, TritonTellsItsValuesByLabel) {
  const auto row =
      serving_of("",
                 "nv_trt_llm_request_metrics{model=\"m\",request_type=\"scheduled\"} 3\n"
                 "nv_trt_llm_request_metrics{model=\"m\",request_type=\"max\"} 512\n"
                 "nv_trt_llm_request_metrics{model=\"m\",request_type=\"waiting\"} 2\n"
                 "nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type=\"fraction\",model=\"m\"} 0.5\n");
  EXPECT_EQ(row.requests_running, 3);
  EXPECT_EQ(row.requests_waiting, 2);
  EXPECT_EQ(row.kv_cache_utilization, 50);
}

TEST(Traps, ASeriesThatStandsTwiceCountsOnce) {
  const MetricsReading reading = reading_of("vllm:num_requests_running 5\nvllm:num_requests_running 5\n", 0);
  EXPECT_EQ(reading.duplicates, 1u);
  EXPECT_EQ(rows_between(nullptr, reading, AliasTable::builtin(), owner()).servings.at(0).requests_running,
            5);
}

}  // namespace
}  // namespace optiinfra::exposition
