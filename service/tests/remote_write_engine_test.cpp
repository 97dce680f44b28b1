// Remote write through the service: the protocol's answers, and Debian's Prometheus as a sender.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <thread>

#include "customers.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "scripted_http_server.hpp"

namespace optiinfra::service {
namespace {

using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpPeer;
using testing::HttpRequest;
using testing::ScriptedHttpServer;
using Headers = std::vector<std::pair<std::string, std::string>>;
using Labels = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kPrometheus = "/usr/bin/prometheus";
constexpr const char* kTypeV1 = "application/x-protobuf";
constexpr const char* kTypeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

std::int64_t ms_ago(int seconds) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             (now() - std::chrono::seconds{seconds}).time_since_epoch())
      .count();
}

/// A snappy block of literals.
std::string snappy(const std::string& text) {
  std::string block;
  for (std::size_t size = text.size(); true; size >>= 7) {
    const bool is_last = size < 0x80;
    block += static_cast<char>((size & 0x7F) | (is_last ? 0 : 0x80));
    if (is_last) break;
  }
  for (std::size_t at = 0; at < text.size(); at += 60) {
    const std::string piece = text.substr(at, 60);
    block += static_cast<char>((piece.size() - 1) << 2);
    block += piece;
  }
  return block;
}

/// One series with one sample, as version 1.0 or 2.0.
std::string body(const Labels& labels, double value, std::int64_t time_ms, bool is_v2 = false) {
  std::string text;
  protozero::pbf_writer request(text);
  if (is_v2) {
    request.add_string(4, "");
    for (const auto& [name, label] : labels) {
      request.add_string(4, name);
      request.add_string(4, label);
    }
  }
  protozero::pbf_writer series(request, is_v2 ? 5 : 1);
  if (is_v2) {
    std::vector<std::uint32_t> references;
    for (std::uint32_t i = 1; i <= 2 * labels.size(); ++i) references.push_back(i);
    series.add_packed_uint32(1, references.begin(), references.end());
  } else {
    for (const auto& [name, label] : labels) {
      protozero::pbf_writer message(series, 1);
      message.add_string(1, name);
      message.add_string(2, label);
    }
  }
  protozero::pbf_writer sample(series, 2);
  sample.add_double(1, value);
  sample.add_int64(2, time_ms);
  return text;
}

Labels tokens_of(const std::string& customer) {
  return {{"__name__", "vllm:generation_tokens_total"},
          {"customer", customer},
          {"instance", "10.0.0.1:8000"},
          {"job", "vllm"},
          {"model_name", "llama"}};
}

class RemoteWrites : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.is_ready()) << server_.failure(); }

  HttpAnswer post(const std::string& content, const std::string& type = kTypeV1,
                  const std::string& encoding = "snappy", const std::string& parameters = "",
                  Headers headers = {}) {
    headers.emplace_back("Content-Type", type);
    if (!encoding.empty()) headers.emplace_back("Content-Encoding", encoding);
    return testing::http_call(
        server_.api_port(),
        {.method = "POST", .target = "/api/v1/write" + parameters, .headers = headers, .body = content});
  }

  /// A line of a table, as CSV.
  std::string line(const std::string& sql) {
    const HttpAnswer answer = testing::http_call(
        server_.api_port(),
        {.method = "POST", .target = "/api/v1/sql?format=csv", .headers = {}, .body = sql});
    EXPECT_EQ(answer.status, 200) << answer.body;
    const std::string rows = answer.body.substr(std::min(answer.body.size(), answer.body.find('\n') + 1));
    return rows.substr(0, rows.find_first_of("\r\n"));
  }

  /// Asks until the answer is `expected`, for at most a minute.
  void expect_line(const std::string& sql, const std::string& expected) {
    std::string seen;
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    while ((seen = line(sql)) != expected && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    EXPECT_EQ(seen, expected) << sql << metrics();
  }

  std::string metrics() { return testing::http_call(server_.api_port(), {.target = "/metrics"}).body; }

  const testing::TemporaryFolder folder_;
  testing::ServerProcess server_{OPTIINFRA_PROGRAM, folder_.path() / "store"};
};

TEST_F(RemoteWrites, AnswerAsTheSpecificationsSay) {
  const std::string text = body(tokens_of("acme"), 5, ms_ago(60));
  HttpAnswer answer = post(snappy(text));
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(answer.body, "");
  answer = post(snappy(body(tokens_of("acme"), 5, ms_ago(60), true)), kTypeV2);
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(answer.header("x-prometheus-remote-write-samples-written"), "1");
  EXPECT_EQ(answer.header("x-prometheus-remote-write-histograms-written"), "0");
  EXPECT_EQ(answer.header("x-prometheus-remote-write-exemplars-written"), "0");
  EXPECT_EQ(post(snappy(text), "application/x-protobuf; proto=prometheus.WriteRequest").status, 204);
  // So that a sender falls back to what we read.
  EXPECT_EQ(post(snappy(text), "application/x-protobuf;proto=io.prometheus.write.v3.Request").status, 415);
  EXPECT_EQ(post(snappy(text), "application/json").status, 415);
  EXPECT_EQ(post(text, kTypeV1, "lz4").status, 415);
  EXPECT_EQ(post(text, kTypeV1, "").status, 415);
  // Never sent again.
  EXPECT_EQ(post(text).status, 400);
  EXPECT_EQ(post(snappy("\x0a\xff")).status, 400);
  EXPECT_EQ(post(std::string("\xff\xff\xff\xff\x0f", 5)).status, 413);
  Labels nobody = tokens_of("");
  answer = post(snappy(body(nobody, 5, ms_ago(50))));
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("names no customer"));
  EXPECT_EQ(post(snappy(body(nobody, 5, ms_ago(50))), kTypeV1, "snappy", "?customer=acme").status, 204);
  // An unknown metric is none of the sender's business; people see it.
  EXPECT_EQ(post(snappy(body({{"__name__", "mystery\"s_total"}}, 5, ms_ago(50)))).status, 204);
  EXPECT_THAT(metrics(),
              HasSubstr("optiinfra_remote_write_unknown_samples_total{metric=\"mystery\\\"s_total\"} 1\n"));
}

TEST_F(RemoteWrites, OfATokenAreThoseOfItsCustomer) {
  Tokens tokens(folder_.path() / "store" / "service");
  const Headers token = {{"Authorization", "Bearer " + *tokens.create("acme", Scope::kWrite,
                                                                      {identity_of("customer", "acme")})}};
  const auto send = [&](const std::string& customer) {
    return post(snappy(body(tokens_of(customer), 5, ms_ago(60))), kTypeV1, "snappy", "", token);
  };
  EXPECT_EQ(send("acme").status, 204);
  EXPECT_EQ(send("").status, 204);  // The token has one customer.
  const HttpAnswer answer = send("other");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.body, HasSubstr("must not write for the customer other"));
}

TEST_F(RemoteWrites, CountOnceThroughRepetitionsAndAKill) {
  const auto send = [&](double value, int seconds_ago, std::int64_t base) {
    EXPECT_EQ(post(snappy(body(tokens_of("acme"), value, base - seconds_ago * 1'000))).status, 204);
  };
  const std::int64_t base = ms_ago(0);
  send(1'000, 60, base);
  send(1'300, 50, base);
  send(1'300, 50, base);
  server_.kill();
  ASSERT_TRUE(server_.start()) << server_.failure();
  send(1'300, 50, base);  // Its answer was lost.
  const std::string sum = "SELECT sum(completion_tokens), count() FROM optiinfra.serving_metrics_ts";
  expect_line(sum, "300,1");
  // Rows are made, and their requests still needed: killed now, the same rows are made again.
  server_.kill();
  ASSERT_TRUE(server_.start()) << server_.failure();
  send(1'950, 40, base);
  expect_line(sum, "950,2");
}

/// What an engine says: it counts with each scrape.
class Engine {
 public:
  int port() const { return server_.port(); }
  std::uint64_t scrapes() const { return scrapes_; }
  void stop_counting() { counts_ = false; }

 private:
  std::string text() {
    const std::uint64_t n = counts_ ? ++scrapes_ : scrapes_.load();
    const auto line = [](const std::string& series, std::uint64_t value) {
      return series + " " + std::to_string(value) + "\n";
    };
    const std::string model = "model_name=\"llama\"";
    return line("vllm:num_requests_running{" + model + "}", 3) +
           line("vllm:prompt_tokens_total{" + model + "}", 70'000 + 1'000 * n) +
           line("vllm:generation_tokens_total{" + model + "}", 5'000 + 70 * n) +
           line("vllm:e2e_request_latency_seconds_bucket{" + model + ",le=\"1\"}", 10 + 2 * n) +
           line("vllm:e2e_request_latency_seconds_bucket{" + model + ",le=\"+Inf\"}", 10 + 3 * n) +
           line("vllm:e2e_request_latency_seconds_count{" + model + "}", 10 + 3 * n) +
           line("vllm:e2e_request_latency_seconds_sum{" + model + "}", 20 + 5 * n) + line("mystery", n);
  }

  std::atomic<std::uint64_t> scrapes_ = 0;
  std::atomic<bool> counts_ = true;
  const ScriptedHttpServer server_{[this](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      const std::string body = text();
      peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  }};
};

TEST_F(RemoteWrites, OfPrometheusAddUpToWhatTheEngineCounted) {
  if (::access(kPrometheus, X_OK) != 0) GTEST_SKIP() << "Debian's package prometheus is not installed";
  Engine engine;
  std::ofstream(folder_.path() / "prometheus.yml")
      << "global: {scrape_interval: 1s, external_labels: {customer: acme}}\n"
         "scrape_configs:\n- {job_name: vllm, static_configs: [{targets: ['127.0.0.1:"
      << engine.port()
      << "']}]}\n"
         "remote_write:\n- {url: 'http://127.0.0.1:"
      << server_.api_port()
      << "/api/v1/write', queue_config: {max_samples_per_send: 3, min_shards: 3, batch_send_deadline: 1s}}\n";
  const int port = ScriptedHttpServer([](HttpPeer&) {}).port();  // It was free a moment ago.
  testing::Program prometheus({kPrometheus, "--config.file=" + (folder_.path() / "prometheus.yml").string(),
                               "--storage.tsdb.path=" + (folder_.path() / "data").string(),
                               "--web.listen-address=127.0.0.1:" + std::to_string(port)});
  const auto wait_for = [&](std::uint64_t scrapes) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    while (engine.scrapes() < scrapes && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    ASSERT_GE(engine.scrapes(), scrapes);
  };
  wait_for(5);
  server_.kill();
  wait_for(8);
  ASSERT_TRUE(server_.start()) << server_.failure();
  wait_for(20);
  server_.kill();
  ASSERT_TRUE(server_.start()) << server_.failure();
  wait_for(24);
  engine.stop_counting();
  // The first scrape is no increase: it said 1,000 and 70 of what is counted here.
  const std::uint64_t n = engine.scrapes() - 1;
  expect_line(
      "SELECT sum(prompt_tokens), sum(completion_tokens), sum(arraySum(mapValues(JSONExtract("
      "latency_histogram, 'Map(String, UInt64)')))), sum(JSONExtractUInt(latency_histogram, "
      "'1000000')), any(requests_running), any(instance_id), any(service_id) FROM "
      "optiinfra.serving_metrics_ts",
      std::to_string(1'000 * n) + "," + std::to_string(70 * n) + "," + std::to_string(3 * n) + "," +
          std::to_string(2 * n) + ",3,127.0.0.1:" + std::to_string(engine.port()) + "," +
          identity_of("service", "vllm").to_string());
  // One row a scrape: its samples came in at least three requests.
  EXPECT_EQ(line("SELECT count() = uniqExact(timestamp) FROM optiinfra.serving_metrics_ts"), "1");
  EXPECT_THAT(metrics(), HasSubstr("optiinfra_remote_write_unknown_samples_total{metric=\"mystery\"}"));
  prometheus.send_signal(SIGTERM);
}

}  // namespace
}  // namespace optiinfra::service
