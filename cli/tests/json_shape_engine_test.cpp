// Every command's JSON against docs/json.md: the same keys in the same order, values of the same type.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "optiinfra/testing/server.hpp"
#include "program_under_test.hpp"

namespace optiinfra::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The examples of docs/json.md by their headings.
std::map<std::string, Json> documented() {
  std::ifstream file(std::string(OPTIINFRA_SOURCE_DIR) + "/docs/json.md");
  std::map<std::string, Json> examples;
  std::string heading, text;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) heading = line.substr(4);
    if (line == "```" && inside) {
      examples[heading] = Json::parse(text);
      inside = false;
    }
    if (inside) text += line + "\n";
    if (line == "```json") inside = true, text.clear();
  }
  return examples;
}

std::string type_of(const Json& value) {
  return value.is_number()    ? "number"
         : value.is_string()  ? "text"
         : value.is_boolean() ? "yes or no"
                              : value.type_name();
}

/// Where `actual` differs in shape from `expected`; empty when it does not. Null fits anything.
std::string difference(const Json& expected, const Json& actual, const std::string& at) {
  if (expected.is_null() || actual.is_null()) return {};
  if (type_of(expected) != type_of(actual))
    return at + " is " + type_of(actual) + ", documented as " + type_of(expected);
  if (expected.is_array())
    return expected.empty() || actual.empty() ? "" : difference(expected[0], actual[0], at + "[0]");
  if (!expected.is_object()) return {};
  auto left = expected.begin();
  auto right = actual.begin();
  for (; left != expected.end() && right != actual.end(); ++left, ++right) {
    if (left.key() != right.key()) return at + "." + right.key() + ", documented as " + left.key();
    if (auto found = difference(*left, *right, at + "." + left.key()); !found.empty()) return found;
  }
  return expected.size() == actual.size() ? "" : at + " has " + std::to_string(actual.size()) + " keys";
}

TEST(JsonOutput, OfEveryCommandIsAsDocumented) {
  const Home home;
  auto examples = documented();
  const auto expect = [&](const std::string& command, const Json& actual) {
    ASSERT_TRUE(examples.contains(command)) << command << " is not in docs/json.md";
    EXPECT_EQ(actual["command"], command);
    EXPECT_EQ(difference(examples[command], actual, command), "");
    examples.erase(command);
  };
  expect("init", home.json({"init"}));
  expect("version", home.json({"version"}));
  expect("ping", home.json({"ping"}));
  const Json fleet = home.json({"generate", "--rows", "20000", "--days", "2"});
  expect("generate", fleet);
  expect("verify", home.json({"verify"}));
  expect("doctor", home.json({"doctor"}));

  std::ofstream(home / "requests.csv")
      << "timestamp,customer_id,service_id,latency_ms\n"
      << "2026-01-01 01:00:00," << kSomeUuid << "," << kSomeUuid << ",120.5\n";
  expect("import", home.json({"import", "performance", (home / "requests.csv").string()}));
  expect("collect host",
         home.json({"collect", "host", "--customer", kSomeUuid, "--instance", "x", "--for", "1s"}));

  std::ofstream(home / "scrape.yml")
      << "scrape_configs:\n- {job_name: a, scrape_interval: 500ms, static_configs: [{targets: "
         "['127.0.0.1:9']}]}\n";
  expect("collect scrape", home.json({"collect", "scrape", "--config", (home / "scrape.yml").string(),
                                      "--customer", "acme", "--for", "2s"}));
  std::ofstream(home / "requests.log")
      << R"({"id": "a", "request_received_ts": 1772359200, "e2e_latency": 1})";
  expect("tail", home.json({"tail", "--as", "sglang", (home / "requests.log").string(), "--customer", "acme",
                            "--service", "chat", "--state", (home / "tail").string(), "--to-end"}));
  std::ofstream(home / "agent.toml")
      << "folder = 'agent'\n[service]\nurl = 'api://127.0.0.1:9'\n[[tail]]\nform = "
         "'sglang'\nfiles = ['absent']\ncustomer = 'a'\nservice = 's'\n";
  expect("agent", home.json({"agent", "--config", (home / "agent.toml").string(), "--for", "1s"}));
  std::ofstream(home / "a.prom") << "# TYPE vllm:kv_cache_usage_perc gauge\nvllm:kv_cache_usage_perc 0.5\n";
  expect("explain-metrics", home.json({"explain-metrics", (home / "a.prom").string()}));
  expect("import metrics", home.json({"import", "metrics", (home / "a.prom").string(), "--customer", "acme",
                                      "--instance", "gpu-1"}));

  const std::string customer = fleet["data"]["services"][0]["customer_id"];
  const std::string service = fleet["data"]["services"][0]["service_id"];
  const std::string owner = fleet["data"]["instances"][0]["customer_id"];
  const std::string instance = fleet["data"]["instances"][0]["instance_id"];
  const auto asked = [&](const std::string& question, const std::vector<std::string>& flags) {
    std::vector<std::string> words{"query", question};
    words.insert(words.end(), flags.begin(), flags.end());
    const Json answer = home.json(words);
    EXPECT_FALSE(answer["data"].empty()) << question;
    expect("query " + question, answer);
  };
  asked("cost-hourly", {"--customer", customer, "--from", "now-24h", "--to", "now"});
  asked("performance-p95", {"--customer", customer, "--service", service});
  asked("resource-utilization", {"--customer", owner, "--instance", instance});
  asked("quality-trends", {"--customer", customer, "--service", service});
  asked("models", {"--customer", customer, "--service", service});
  asked("serving", {"--customer", customer, "--service", service});
  asked("saturation", {"--customer", customer});
  asked("cost", {"--customer", customer, "--from", "now-24h", "--to", "now", "--by", "region"});
  asked("metrics", {"--measures", "total_cost,p95_latency", "--by", "customer", "--bucket", "day"});
  expect("attribute", home.json({"attribute", "--from", "now-24h"}));
  asked("unit-cost", {"--hours", "24", "--by", "customer"});
  asked("explain", {"--hours", "12", "--by", "customer"});
  asked("forecast", {"--by", "customer"});
  expect("price missing", home.json({"price", "missing", "--from", "now-3d"}));
  expect("price set", home.json({"price", "set", "p5.48xlarge", "98.32", "--currency", "USD"}));
  expect("price list", home.json({"price", "list"}));
  home.json({"budget", "set", "fleet", "1000", "--currency", "USD"});
  expect("budget list", home.json({"budget", "list"}));
  asked("budgets", {});
  asked("self-host", {});
  home.json({"objective", "set", "chat", "--of", "service=" + service, "--latency-ms", "20000", "--share",
             "99.5%"});
  expect("objective list", home.json({"objective", "list"}));
  asked("slo", {"--hours", "24", "--by", "service"});
  home.json({"rate", "set", "EUR", "USD", "1.0832", "--source", "ECB"});
  expect("rate list", home.json({"rate", "list"}));
  for (const char* names : {"customers", "services", "instances", "models"})
    expect(names, home.json({names}));
  expect("names set", home.json({"names", "set", "customer", "acme", kSomeUuid}));
  expect("names list", home.json({"names", "list"}));
  expect("forget", home.json({"forget", "--customer", "acme", "--yes"}));
  expect("query --list", home.json({"query", "--list"}));

  const testing::ServerProcess server(OPTIINFRA_PROGRAM, home / "served");
  ASSERT_TRUE(server.is_ready());
  expect("copy", home.json({"copy", "--from", "embedded:" + home.store_folder().string(), "--to",
                            server.native_url(), "cost"}));

  expect("retention show", home.json({"retention", "show"}));
  expect("retention apply", home.json({"retention", "apply"}));
  expect("retention set --dry-run", home.json({"retention", "set", "cost", "raw", "1d", "--dry-run"}));
  expect("retention set", home.json({"retention", "set", "cost", "raw", "60d"}));
  expect(
      "sql",
      home.json(
          {"sql", "SELECT toDateTime('2026-03-01 12:00:00') AS hour, 'aws' AS cloud_provider, 1.5 AS cost"}));

  expect("bench",
         home.json({"bench", "--rows", "2000", "--rounds", "1", "--fleets", "1", "--days", "1", "--asks", "1",
                    "--growth", "1000", "--only", "inserts", "--only", "questions", "--only", "sizes"}));

  for (const auto& [command, unused] : examples) ADD_FAILURE() << command << " is documented and was not run";
}

}  // namespace
}  // namespace optiinfra::cli
