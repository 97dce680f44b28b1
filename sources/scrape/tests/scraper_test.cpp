#include "optiinfra/scrape/scraper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <fstream>
#include <mutex>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/schema/validate.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "scripted_http_server.hpp"

namespace optiinfra::scrape {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using testing::HttpPeer;
using testing::HttpRequest;
using ::testing::IsEmpty;
using testing::ScriptedHttpServer;

/// Answers every request with what `text` returns.
ScriptedHttpServer::Script metrics(std::function<std::string()> text,
                                   std::string type = "text/plain; version=0.0.4") {
  return [=](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      const std::string body = text();
      if (!peer.write("HTTP/1.1 200 OK\r\nContent-Type: " + type +
                      "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body))
        return;
    }
  };
}

std::string counter_text(int value) {
  return "vllm:prompt_tokens_total{model_name=\"m\"} " + std::to_string(value) + "\n";
}

class Scraping : public ::testing::Test {
 protected:
  std::string config(const std::string& jobs) {
    const auto file = folder_.path() / "scrape.yml";
    std::ofstream(file)
        << "global: {scrape_interval: 200ms, external_labels: {customer: acme}}\nscrape_configs:\n"
        << jobs;
    return file.string();
  }
  std::string job(const ScriptedHttpServer& server, const std::string& more = "") {
    return "- job_name: vllm\n  static_configs: [{targets: ['127.0.0.1:" + std::to_string(server.port()) +
           "']}]\n" + more;
  }
  Scraper open(const std::string& jobs) {
    auto scraper = Scraper::open({.config_file = config(jobs)});
    if (!scraper) throw std::runtime_error(scraper.error().message);
    return *std::move(scraper);
  }
  /// Scrapes until `enough` or for five seconds.
  template <typename Enough>
  void run(Scraper& scraper, Enough enough) {
    const auto end = Scraper::Clock::now() + std::chrono::seconds{5};
    while (!enough() && Scraper::Clock::now() < end) {
      ScrapedRows rows = scraper.collect(Scraper::Clock::now() + std::chrono::milliseconds{50});
      for (auto& row : rows.resources) rows_.resources.push_back(std::move(row));
      for (auto& row : rows.servings) rows_.servings.push_back(std::move(row));
      for (std::string& each : scraper.take_remarks()) remarks_.push_back(std::move(each));
    }
  }
  void run_scrapes(Scraper& scraper, std::uint64_t count) {
    run(scraper, [&] { return scraper.targets().at(0).scrapes >= count; });
  }

  testing::TemporaryFolder folder_;
  ScrapedRows rows_;
  std::vector<std::string> remarks_;
};

TEST_F(Scraping, MakesRowsOfWhatTwoAnswersSay) {
  std::atomic<int> answers = 0;
  const ScriptedHttpServer server(metrics([&] { return counter_text(100 * ++answers); }));
  Scraper scraper = open(job(server));
  run_scrapes(scraper, 3);
  ASSERT_GE(rows_.servings.size(), 2u);
  for (const ServingMetric& row : rows_.servings) {
    EXPECT_EQ(row.customer_id, identity_of("customer", "acme"));
    EXPECT_EQ(row.service_id, identity_of("service", "vllm"));
    EXPECT_EQ(row.instance_id, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(row.model_name, "m");
    EXPECT_EQ(row.service_type, "vllm");
    EXPECT_EQ(row.prompt_tokens, 100u);
    EXPECT_NEAR(row.interval_seconds, 0.2, 0.15);
  }
  const TargetStatus status = scraper.targets().at(0);
  EXPECT_TRUE(status.is_up);
  EXPECT_EQ(status.samples, 1u);
  EXPECT_EQ(status.understood, 1u);
  EXPECT_GT(status.duration.count(), 0);
  EXPECT_THAT(remarks_, IsEmpty());
}

TEST_F(Scraping, AsksAsPrometheusDoes) {
  std::mutex mutex;
  std::string head;
  const ScriptedHttpServer server([&](HttpPeer& peer) {
    HttpRequest request;
    if (!peer.read_head(request)) return;
    const std::lock_guard lock(mutex);
    head = request.line + "\n" + request.head;
  });
  Scraper scraper = open(job(
      server,
      "  scrape_timeout: 150ms\n  basic_auth: {username: ada, password: secret}\n  params: {a: ['1']}\n"));
  run_scrapes(scraper, 1);
  const std::lock_guard lock(mutex);
  EXPECT_THAT(head, HasSubstr("GET /metrics?a=1 HTTP/1.1"));
  EXPECT_THAT(head, HasSubstr("Accept: application/openmetrics-text;version=1.0.0;q=0.6,"));
  EXPECT_THAT(head, HasSubstr("X-Prometheus-Scrape-Timeout-Seconds: 0.15"));
  EXPECT_THAT(head, HasSubstr("Accept-Encoding: gzip"));
  EXPECT_THAT(head, HasSubstr("Authorization: Basic YWRhOnNlY3JldA=="));
}

TEST_F(Scraping, ReadsOpenMetricsAndGzip) {
  const std::string text = "# TYPE x counter\nvllm:num_requests_running 3\n# EOF\n";
  std::string packed(200, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  const ScriptedHttpServer server(metrics(
      [&] { return packed; }, "application/openmetrics-text; version=1.0.0\r\nContent-Encoding: gzip"));
  Scraper scraper = open(job(server));
  run_scrapes(scraper, 1);
  ASSERT_FALSE(rows_.servings.empty()) << scraper.targets().at(0).error;
  EXPECT_EQ(rows_.servings[0].requests_running, 3);
}

TEST_F(Scraping, SaysOnceThatATargetIsDownAndThatItIsUpAgain) {
  std::atomic<int> answers = 0;
  const ScriptedHttpServer server([&](HttpPeer& peer) {
    HttpRequest request;
    while (peer.read_head(request)) {
      const int answer = ++answers;
      const std::string body = counter_text(10 * answer);
      const char* const status = answer == 2 || answer == 3 ? "503 No" : "200 OK";
      peer.write("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
    }
  });
  Scraper scraper = open(job(server));
  run_scrapes(scraper, 5);
  ASSERT_EQ(remarks_.size(), 2u);
  EXPECT_THAT(remarks_[0], HasSubstr("is down: it answers with status 503"));
  EXPECT_THAT(remarks_[1], HasSubstr("is up again"));
  EXPECT_EQ(scraper.targets().at(0).failures, 2u);
  // What was counted while it was down is in the row after.
  std::uint64_t tokens = 0;
  for (const ServingMetric& row : rows_.servings) tokens += row.prompt_tokens.value_or(0);
  EXPECT_EQ(tokens, 10u * static_cast<unsigned>(answers - 1));
}

TEST_F(Scraping, ATargetThatHangsCostsOnlyItsOwnRows) {
  const ScriptedHttpServer hangs([](HttpPeer& peer) { peer.wait_for_close(); });
  const ScriptedHttpServer works(metrics([] { return std::string("vllm:num_requests_running 1\n"); }));
  Scraper scraper =
      open("- job_name: a\n  scrape_timeout: 100ms\n  static_configs: [{targets: ['127.0.0.1:" +
           std::to_string(hangs.port()) + "', '127.0.0.1:" + std::to_string(works.port()) + "']}]\n");
  run(scraper, [&] { return scraper.targets()[0].scrapes >= 2 && scraper.targets()[1].scrapes >= 2; });
  EXPECT_GE(rows_.servings.size(), 2u);
  EXPECT_THAT(remarks_, Contains(HasSubstr("no complete answer within 100 ms")));
}

TEST_F(Scraping, LimitsAreCountedAndNamed) {
  const std::string many = "a 1\nb 1\nc 1\nvllm:num_requests_running{x=\"12345\",y=\"1\"} 1\n";
  const ScriptedHttpServer server(metrics([&] { return many; }));
  for (const auto& [limit, message] : {std::pair("sample_limit: 3", "too many samples, at most 3"),
                                       std::pair("label_limit: 1", "too many labels"),
                                       std::pair("label_value_length_limit: 4", "value is too long"),
                                       std::pair("body_size_limit: 10B", "more than 10 bytes")}) {
    Scraper scraper = open(job(server, "  " + std::string(limit) + "\n"));
    run_scrapes(scraper, 1);
    EXPECT_THAT(scraper.targets().at(0).error, HasSubstr(message));
    EXPECT_FALSE(scraper.targets().at(0).is_up);
    EXPECT_EQ(scraper.targets().at(0).failures, 1u);
  }
  EXPECT_THAT(rows_.servings, IsEmpty());
}

TEST_F(Scraping, ACutAnswerIsRefused) {
  const ScriptedHttpServer server(metrics([] { return std::string("vllm:num_requests_running 1"); }));
  Scraper scraper = open(job(server));
  run_scrapes(scraper, 1);
  EXPECT_THAT(scraper.targets().at(0).error, HasSubstr("its last line has no end"));
}

TEST_F(Scraping, AnAnswerThatSaysNothingKnownIsRemarkedOnce) {
  const ScriptedHttpServer server(metrics([] { return std::string("my_metric 1\n"); }));
  Scraper scraper = open(job(server));
  run_scrapes(scraper, 3);
  ASSERT_EQ(remarks_.size(), 1u);
  EXPECT_THAT(remarks_[0], HasSubstr("says nothing that is understood"));
}

TEST_F(Scraping, MetricRulesDropAndRename) {
  const ScriptedHttpServer server(
      metrics([] { return std::string("my_running 4\nvllm:num_requests_waiting 9\n"); }));
  Scraper scraper =
      open(job(server,
               "  metric_relabel_configs:\n  - {source_labels: [__name__], regex: 'vllm:.*', action: drop}\n"
               "  - {source_labels: [__name__], regex: my_running, target_label: __name__, replacement: "
               "'vllm:num_requests_running'}\n"));
  run_scrapes(scraper, 1);
  ASSERT_FALSE(rows_.servings.empty());
  EXPECT_EQ(rows_.servings[0].requests_running, 4);
  EXPECT_FALSE(rows_.servings[0].requests_waiting);
}

TEST_F(Scraping, FollowsDiscoveryByFileAndOverHttp) {
  const ScriptedHttpServer first(metrics([] { return std::string("vllm:num_requests_running 1\n"); }));
  const ScriptedHttpServer second(metrics([] { return std::string("vllm:num_requests_running 2\n"); }));
  const auto groups = [](const ScriptedHttpServer& server) {
    return "[{\"targets\": [\"127.0.0.1:" + std::to_string(server.port()) + "\"]}]";
  };
  std::ofstream(folder_.path() / "targets.json") << groups(first);
  std::atomic<bool> has_second = true;
  const ScriptedHttpServer discovery(
      metrics([&] { return has_second ? groups(second) : std::string("[]"); }, "application/json"));
  Scraper scraper = open(
      "- job_name: a\n  file_sd_configs: [{files: [targets.json], refresh_interval: 100ms}]\n  "
      "http_sd_configs: [{url: 'http://127.0.0.1:" +
      std::to_string(discovery.port()) + "/sd', refresh_interval: 100ms}]\n");
  run(scraper, [&] { return scraper.targets().size() == 2; });
  ASSERT_EQ(scraper.targets().size(), 2u);
  has_second = false;
  run(scraper, [&] { return scraper.targets().size() == 1; });
  EXPECT_EQ(scraper.targets().size(), 1u);
  std::ofstream(folder_.path() / "targets.json") << "[{";  // A file in the middle of being written.
  run(scraper, [&] { return !remarks_.empty(); });
  EXPECT_THAT(remarks_, Contains(HasSubstr("targets stay as they are")));
  EXPECT_EQ(scraper.targets().size(), 1u);
}

TEST_F(Scraping, SaysWhatIsWrongWithItsConfiguration) {
  EXPECT_EQ(Scraper::open({.config_file = "/missing.yml"}).error().kind, ErrorKind::kStorage);
  std::ofstream(folder_.path() / "a.yml")
      << "scrape_configs:\n- job_name: x\n  static_configs: [{targets: ['a:1']}]\n";
  EXPECT_THAT(Scraper::open({.config_file = folder_.path() / "a.yml"}).error().message,
              HasSubstr("a.yml: job 'x': target 'a:1': it has no label 'customer'"));
  EXPECT_TRUE(Scraper::open({.config_file = folder_.path() / "a.yml", .customer = "acme"}));
}

TEST_F(Scraping, TargetsHaveTheirTurnsAtDifferentTimes) {
  std::mutex mutex;
  std::vector<std::int64_t> phases;
  std::string targets;
  std::vector<std::unique_ptr<ScriptedHttpServer>> servers;
  for (int i = 0; i < 8; ++i) {
    servers.push_back(std::make_unique<ScriptedHttpServer>(metrics([&] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const std::lock_guard lock(mutex);
      phases.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now).count() % 1'000);
      return std::string("vllm:num_requests_running 1\n");
    })));
    targets += (i == 0 ? "'127.0.0.1:" : ", '127.0.0.1:") + std::to_string(servers.back()->port()) + "'";
  }
  Scraper scraper =
      open("- job_name: a\n  scrape_interval: 1s\n  static_configs: [{targets: [" + targets + "]}]\n");
  run(scraper, [&] {
    const std::lock_guard lock(mutex);
    return phases.size() >= 8;
  });
  std::sort(phases.begin(), phases.end());
  ASSERT_GE(phases.size(), 8u);
  EXPECT_GT(phases.back() - phases.front(), 200);
}

}  // namespace
}  // namespace optiinfra::scrape
