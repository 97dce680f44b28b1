// Prometheus itself as the second opinion: it scrapes the texts that we read, and each of its values must be
// ours. Skipped where Debian's packages prometheus and prometheus-node-exporter are not installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "optiinfra/exposition/text.hpp"
#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/fetch.hpp"
#include "scripted_http_server.hpp"

namespace optiinfra::scrape {
namespace {

using Json = nlohmann::json;
using testing::HttpPeer;
using testing::HttpRequest;
using testing::ScriptedHttpServer;
/// A series' name and labels, in their order.
using Series = std::map<std::string, std::string>;

constexpr const char* kPrometheus = "/usr/bin/prometheus";
constexpr const char* kNodeExporter = "/usr/bin/prometheus-node-exporter";

/// A port that was free a moment ago.
int free_port() {
  const ScriptedHttpServer server([](HttpPeer&) {});
  return server.port();
}

/// Asks until there is an answer of status 200, for at most 30 seconds.
std::string ask(const std::string& url) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (std::chrono::steady_clock::now() < end) {
    auto answer = fetch({.url = url});
    if (answer && answer->status == 200) return std::move(answer->body);
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  ADD_FAILURE() << url << " does not answer";
  return {};
}

std::map<Series, double> values_of(const std::string& text) {
  std::map<Series, double> values;
  exposition::TextReader reader(text, exposition::TextFormat::kPrometheus);
  while (true) {
    const auto sample = reader.next();
    EXPECT_TRUE(sample) << (sample ? "" : sample.error().message);
    if (!sample || *sample == nullptr) return values;
    Series series{{"__name__", std::string((*sample)->name)}};
    for (const exposition::MetricLabel& each : (*sample)->labels)
      if (!each.value.empty()) series.emplace(each.name, each.value);
    values.emplace(std::move(series), (*sample)->value);
  }
}

/// What Prometheus has of the one target that it scraped.
std::map<Series, double> values_of_prometheus(const std::string& url) {
  std::map<Series, double> values;
  // {job="x"}
  const Json answer = Json::parse(ask(url + "/api/v1/query?query=%7Bjob%3D%22x%22%7D"), nullptr, false);
  if (answer.is_discarded()) return values;
  for (const Json& each : answer["data"]["result"]) {
    Series series = each["metric"].get<Series>();
    series.erase("job");
    series.erase("instance");
    const std::string name = series["__name__"];
    if (name == "up" || name.starts_with("scrape_")) continue;
    values.emplace(std::move(series), std::strtod(each["value"][1].get<std::string>().c_str(), nullptr));
  }
  return values;
}

class PrometheusOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access(kPrometheus, X_OK) != 0) GTEST_SKIP() << "Debian's package prometheus is not installed";
  }

  void compare(const std::string& text) {
    const ScriptedHttpServer target([&](HttpPeer& peer) {
      HttpRequest request;
      while (peer.read_head(request))
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                   std::to_string(text.size()) + "\r\n\r\n" + text);
    });
    std::ofstream(folder_.path() / "prometheus.yml")
        << "scrape_configs:\n- job_name: x\n  scrape_interval: 1s\n  static_configs: [{targets: ['127.0.0.1:"
        << target.port() << "']}]\n";
    const std::string address = "127.0.0.1:" + std::to_string(free_port());
    testing::Program prometheus({kPrometheus, "--config.file=" + (folder_ / "prometheus.yml").string(),
                                 "--storage.tsdb.path=" + (folder_ / "data").string(),
                                 "--web.listen-address=" + address});
    const auto ours = values_of(text);
    std::map<Series, double> theirs;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (theirs.size() < ours.size() && std::chrono::steady_clock::now() < end) {
      theirs = values_of_prometheus("http://" + address);
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
    prometheus.send_signal(SIGTERM);
    EXPECT_EQ(ours.size(), theirs.size());
    for (const auto& [series, value] : ours) {
      const auto at = theirs.find(series);
      if (at == theirs.end()) {
        ADD_FAILURE() << series.at("__name__") << " is missing in Prometheus";
        continue;
      }
      if (!(std::isnan(value) && std::isnan(at->second))) {
        EXPECT_EQ(value, at->second) << series.at("__name__");
      }
    }
  }

  static std::string data(const std::string& name) {
    std::ifstream file(OPTIINFRA_SOURCE_DIR "/sources/exposition/tests/data/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TemporaryFolder folder_;
};

TEST_F(PrometheusOracle, HasTheSameValuesOfVllmAndOfEveryFormOfANumber) {
  compare(data("vllm-a.prom") +
          "\nnumbers{form=\"a\"} 1e-400\nnumbers{form=\"b\"} +Inf\nnumbers{form=\"c\"} "
          "-Inf\nnumbers{form=\"d\"} NaN\n"
          "numbers{form=\"e\"} .5\nnumbers{form=\"f\"} 9223372036854775794\nnumbers{form=\"g\"} "
          "+5\nnumbers{form=\"h\"} 0.1\n"
          "escapes{a=\"back\\\\slash\",b=\"quo\\\"te\",c=\"new\\nline\",d=\"\"} 1\n");
}

TEST_F(PrometheusOracle, HasTheSameValuesOfDcgm) { compare(data("dcgm-exporter-a.prom") + "\n"); }

TEST_F(PrometheusOracle, HasTheSameValuesOfTheNodeExporterOfThisMachine) {
  if (::access(kNodeExporter, X_OK) != 0)
    GTEST_SKIP() << "Debian's package prometheus-node-exporter is not installed";
  const std::string address = "127.0.0.1:" + std::to_string(free_port());
  std::string text;
  {
    testing::Program exporter({kNodeExporter, "--web.listen-address=" + address});
    text = ask("http://" + address + "/metrics");
    exporter.send_signal(SIGTERM);
  }
  ASSERT_GT(values_of(text).size(), 300u);
  compare(text);
}

}  // namespace
}  // namespace optiinfra::scrape
