// The program scrapes servers of the test into a store; every number in the store is computed by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/core/time.hpp"
#include "program_under_test.hpp"
#include "scripted_http_server.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;
using optiinfra::testing::HttpPeer;
using optiinfra::testing::HttpRequest;
using optiinfra::testing::ScriptedHttpServer;

ScriptedHttpServer::Script text_server(std::function<std::string()> text) {
  return [=](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      const std::string body = text();
      if (!peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + body))
        return;
    }
  };
}

class ScrapeProgram : public ::testing::Test {
 protected:
  void SetUp() override { home.json({"init"}); }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(home / name) << text;
    return (home / name).string();
  }
  std::string ask(const std::string& sql) const {
    const auto result = home.run({"sql", sql, "--output", "csv"});
    const auto begin = result.output.find('\n') + 1;
    return result.output.substr(begin, result.output.find_last_not_of("\r\n") + 1 - begin);
  }

  Home home;
};

TEST_F(ScrapeProgram, StoresWhatTwoKindsOfTargetsCounted) {
  std::atomic<int> engine_answers = 0, gpu_answers = 0;
  const ScriptedHttpServer engine(text_server([&] {
    const int n = ++engine_answers;
    return "vllm:prompt_tokens_total{model_name=\"llama\"} " + std::to_string(100 * n) +
           "\nvllm:kv_cache_usage_perc{model_name=\"llama\"} 0.5\n"
           "vllm:time_to_first_token_seconds_bucket{le=\"0.1\",model_name=\"llama\"} " +
           std::to_string(2 * n) +
           "\nvllm:time_to_first_token_seconds_bucket{le=\"+Inf\",model_name=\"llama\"} " +
           std::to_string(3 * n) + "\nvllm:time_to_first_token_seconds_sum{model_name=\"llama\"} " +
           std::to_string(n) + "\nvllm:time_to_first_token_seconds_count{model_name=\"llama\"} " +
           std::to_string(3 * n) + "\n";
  }));
  const ScriptedHttpServer gpu(text_server([&] {
    return "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"gpu-host\"} " +
           std::to_string(7'000 * ++gpu_answers) +
           "\nDCGM_FI_DEV_GPU_UTIL{gpu=\"1\",UUID=\"GPU-1\",Hostname=\"gpu-host\"} 9223372036854775794\n";
  }));
  const std::string config =
      file("scrape.yml",
           "global: {scrape_interval: 500ms, external_labels: {customer: acme}}\nscrape_configs:\n"
           "- {job_name: vllm, static_configs: [{targets: ['127.0.0.1:" +
               std::to_string(engine.port()) +
               "'], labels: {service: chat}}]}\n"
               "- {job_name: dcgm, static_configs: [{targets: ['127.0.0.1:" +
               std::to_string(gpu.port()) + "']}]}\n");
  const Json answer = home.json(
      {"collect", "scrape", "--config", config, "--for", "4s", "--spool", (home / "spool").string()});
  const Json& targets = answer["data"]["targets"];
  ASSERT_EQ(targets.size(), 2u);
  const auto answers = [&](int target) {
    return targets[target]["scrapes"].get<int>() - targets[target]["failures"].get<int>();
  };
  const int of_gpu = answers(0), of_engine = answers(1);  // By the names of their jobs.
  ASSERT_GE(of_engine, 2);
  ASSERT_GE(of_gpu, 2);
  EXPECT_EQ(answer["data"]["summary"]["targets_up"], 2);
  // The first answer of the GPU tells nothing: an increase needs two, and a blank is no value.
  EXPECT_EQ(answer["data"]["summary"]["rows_stored"], of_engine + of_gpu - 1);
  EXPECT_EQ(ask("SELECT count(), sum(prompt_tokens), min(kv_cache_utilization) FROM serving_metrics_ts"),
            std::to_string(of_engine) + "," + std::to_string(100 * (of_engine - 1)) + ",50");
  EXPECT_EQ(ask("SELECT countIf(time_to_first_token_histogram = '{\"100000\":2,\"+Inf\":1}') FROM "
                "serving_metrics_ts"),
            std::to_string(of_engine - 1));
  EXPECT_EQ(ask("SELECT DISTINCT toString(customer_id) = '" + identity_of("customer", "acme").to_string() +
                "' AND toString(service_id) = '" + identity_of("service", "chat").to_string() +
                "' AND model_name = 'llama' AND service_type = 'vllm' FROM serving_metrics_ts"),
            "1");
  EXPECT_EQ(ask("SELECT count(), sum(gpu_energy_j), count(gpu_utilization) FROM resource_metrics_ts WHERE "
                "instance_id = 'gpu-host' AND gpu_index = 1"),
            std::to_string(of_gpu - 1) + "," + std::to_string(7 * (of_gpu - 1)) + ",0");
}

TEST_F(ScrapeProgram, ImportsSavedTextsOnce) {
  const std::string first = file("a.prom", "vllm:generation_tokens_total{model_name=\"m\"} 1000\n"),
                    second = file("b.prom", "vllm:generation_tokens_total{model_name=\"m\"} 1640\n");
  const auto at = std::vector<std::string>{
      "import",     "metrics",    first,   second, "--customer",
      "acme",       "--instance", "gpu-1", "--at", format_time(now() - std::chrono::hours{1}),
      "--interval", "10s"};
  for (int repeat = 0; repeat < 2; ++repeat) {
    EXPECT_EQ(home.json(at)["data"][1]["serving_rows"], 1);
    EXPECT_EQ(ask("SELECT count(), sum(completion_tokens), any(interval_seconds) FROM serving_metrics_ts"),
              "1,640,10");
  }
  EXPECT_EQ(home.run({"import", "metrics", second, second, "--customer", "a", "--instance", "b"}).exit_code,
            2);
  EXPECT_THAT(home.run({"import", "metrics", first}).error_output,
              HasSubstr("needs --customer and --instance"));
  const std::string broken = file("c.prom", "up 1\nup{ 2\n");
  const auto refused = home.run({"import", "metrics", broken, "--customer", "a", "--instance", "b"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("c.prom: line 2: "));
}

TEST_F(ScrapeProgram, ExplainsATextOfAFileAndOfAUrl) {
  const std::string text = "vllm:num_requests_running 3\nmy_metric 1\n";
  const ScriptedHttpServer server(text_server([&] { return text; }));
  for (const std::string& place :
       {file("x.prom", text), "http://127.0.0.1:" + std::to_string(server.port()) + "/metrics"}) {
    const Json data = home.json({"explain-metrics", place})["data"];
    EXPECT_EQ(data["metrics"][0]["column"], "requests_running");
    EXPECT_EQ(data["metrics"][1]["becomes"], "unknown");
    EXPECT_EQ(data["summary"]["lines_unknown"], 1);
  }
  const std::string aliases = file("mine.toml", "[[alias]]\nmetric = \"my_metric\"\nto = \"preemptions\"\n");
  EXPECT_EQ(home.json({"explain-metrics", file("x.prom", text), "--aliases",
                       aliases})["data"]["metrics"][1]["source"],
            "mine");
  EXPECT_EQ(home.run({"explain-metrics", (home / "missing").string()}).exit_code, 1);
}

}  // namespace
}  // namespace optiinfra::cli
