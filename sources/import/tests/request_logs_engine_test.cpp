// Request logs and samples as other programs write them, with what they do not know absent.
#include "import_fixture.hpp"

namespace optiinfra {
namespace {

class RequestLogTest : public ImportTest {};

TEST_F(RequestLogTest, OfLiteLlmBenchmarksAndNvidiaSmi) {
  const FileReport litellm = imported(
      Family::kPerformance,
      write(
          "spend.csv",
          "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,"
          "completionStartTime,model,custom_llm_provider,metadata,session_id,status,team_id\n"
          "chatcmpl-1,acompletion,k,0.01,150,100,50,2026-03-01T10:00:00.100Z,2026-03-01T10:00:02.350Z,"
          "2026-03-01T10:00:00.600Z,llama,vllm,"
          "\"{\"\"usage_object\"\":{\"\"prompt_tokens_details\"\":{\"\"cached_tokens\"\":64}}}\",s-1,success,"
          "t-1\n"
          "chatcmpl-2,acompletion,k,0,0,0,0,2026-03-01 10:00:00,2026-03-01 10:00:01,2026-03-01 "
          "10:00:01,llama,vllm,"
          "\"{\"\"error_information\"\":{\"\"error_code\"\":\"\"429\"\"}}\",,failure,t-1\n"),
      "");
  EXPECT_EQ(litellm.map, "litellm");
  EXPECT_EQ(litellm.rows_refused, 0u);
  const std::string columns =
      "SELECT latency_ms, time_to_first_token_ms, inter_token_latency_ms, prompt_tokens, completion_tokens, "
      "cached_tokens, toString(status), session_id, request_id != "
      "toUUID('00000000-0000-0000-0000-000000000000') "
      "FROM optiinfra.performance_metrics_ts WHERE source = '";
  EXPECT_EQ(ask(columns + "litellm' ORDER BY latency_ms DESC"),
            "2250\t500\t\\N\t100\t50\t64\tok\ts-1\t1\n1000\t\\N\t\\N\t\\N\t\\N\t\\N\tclient_error\t\t1");

  const FileReport aiperf = imported(
      Family::kPerformance,
      write(
          "profile_export.jsonl",
          R"({"metadata":{"x_correlation_id":"c-1","request_start_ns":1772359200000000000,"request_end_ns":1772359201000000000,"benchmark_phase":"profiling","was_cancelled":false},"metrics":{"time_to_first_token":{"value":45.5,"unit":"ms"},"inter_token_latency":{"value":18,"unit":"ms"},"request_latency":{"value":900,"unit":"ms"},"output_sequence_length":{"value":100,"unit":"tokens"},"input_sequence_length":{"value":50,"unit":"tokens"}},"error":null})"
          "\n"
          R"({"metadata":{"request_start_ns":1772359200000000000,"request_end_ns":1772359201000000000,"benchmark_phase":"profiling"},"metrics":{},"error":{"code":503,"message":"busy"}})"
          "\n"
          R"({"metadata":{"request_start_ns":1772359200000000000,"benchmark_phase":"warmup"},"metrics":{"request_latency":{"value":5,"unit":"ms"}}})"
          "\n"),
      "aiperf");
  EXPECT_EQ(aiperf.rows_refused, 0u);
  EXPECT_EQ(aiperf.rows_left_out, 1u) << "the warm-up";
  EXPECT_EQ(ask(columns + "aiperf' ORDER BY latency_ms"),
            "900\t45.5\t18\t50\t100\t\\N\tok\tc-1\t1\n1000\t\\N\t\\N\t\\N\t\\N\t\\N\tserver_error\t\t1");
  EXPECT_EQ(ask("SELECT DISTINCT timestamp FROM optiinfra.performance_metrics_ts WHERE source = 'aiperf'"),
            "2026-03-01 10:00:00");

  const FileReport smi = imported(Family::kResource,
                                  write("gpu.csv",
                                        "timestamp, index, uuid, name, utilization.gpu [%], "
                                        "utilization.memory [%], memory.used [MiB], memory.total "
                                        "[MiB], temperature.gpu, power.draw [W]\n"
                                        "2026/03/01 10:00:00.305, 2, GPU-107f, NVIDIA H100 80GB HBM3, 100 %, "
                                        "1 %, 29089 MiB, 81559 MiB, 35, 154.88 W\n"
                                        "2026/03/01 10:00:00.305, 3, GPU-8c95, NVIDIA H100 80GB HBM3, [N/A], "
                                        "0 %, 5 MiB, 81559 MiB, [N/A], [Not "
                                        "Supported]\n"),
                                  "");
  EXPECT_EQ(smi.map, "nvidia-smi");
  EXPECT_EQ(smi.rows_refused, 0u);
  EXPECT_EQ(
      ask("SELECT timestamp, instance_id, gpu_index, gpu_name, gpu_utilization, gpu_memory_used_mb, "
          "gpu_temperature, round(gpu_power_w, 2) FROM optiinfra.resource_metrics_ts ORDER BY gpu_index"),
      "2026-03-01 10:00:00\tGPU-107f\t2\tNVIDIA H100 80GB HBM3\t100\t29089\t35\t154.88\n"
      "2026-03-01 10:00:00\tGPU-8c95\t3\tNVIDIA H100 80GB HBM3\t\\N\t5\t\\N\t\\N");
}

}  // namespace
}  // namespace optiinfra
