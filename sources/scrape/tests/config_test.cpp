#include "config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::scrape {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

Result<ScrapeConfig> parse(const std::string& yaml) {
  return parse_scrape_config(yaml, "my.yml", "/etc/optiinfra");
}

std::string refused_yaml(const std::string& yaml) {
  const auto config = parse(yaml);
  return config ? "was read" : config.error().message;
}

std::string refused_job(const std::string& line) {
  return refused_yaml("scrape_configs:\n- job_name: a\n  " + line +
                      "\n  static_configs: [{targets: ['x:1']}]\n");
}

TEST(ScrapeConfig, ReadsEveryKeyOfItsSubset) {
  const auto config = parse(R"(
global:
  scrape_interval: 15s
  scrape_timeout: 5s
  external_labels: {customer: acme, region: eu}
scrape_configs:
- job_name: vllm
  scrape_interval: 1m30s
  scrape_timeout: 500ms
  metrics_path: /prometheus/metrics
  scheme: https
  params: {match: ['a b', c], x: ['1']}
  basic_auth: {username: ada, password_file: secret}
  tls_config: {ca_file: ca.pem, cert_file: /abs/cert.pem, key_file: key.pem, insecure_skip_verify: true}
  static_configs:
  - targets: ['10.0.0.1:8000', 'host:9000']
    labels: {service: chat}
  file_sd_configs: [{files: ['targets/*.json'], refresh_interval: 30s}]
  http_sd_configs: [{url: 'http://sd/targets', authorization: {credentials: s3cret}}]
  relabel_configs:
  - source_labels: [__address__]
    regex: '(.*):\d+'
    target_label: instance
  - {action: labelmap, regex: '__meta_(.+)'}
  metric_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}]
  sample_limit: 5000
  label_limit: 30
  label_name_length_limit: 100
  label_value_length_limit: 0
  body_size_limit: 10MB
  honor_labels: true
- job_name: dcgm
  bearer_token: token
  static_configs: [{targets: ['h:9400']}]
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_THAT(config->external_labels, ElementsAre(Pair("customer", "acme"), Pair("region", "eu")));
  ASSERT_EQ(config->jobs.size(), 2u);
  const ScrapeJob& job = config->jobs[0];
  EXPECT_EQ(job.interval, milliseconds(90'000));
  EXPECT_EQ(job.timeout, milliseconds(500));
  EXPECT_EQ(job.metrics_path, "/prometheus/metrics");
  EXPECT_EQ(job.scheme, "https");
  EXPECT_THAT(job.parameters, ElementsAre(Pair("match", "a b"), Pair("match", "c"), Pair("x", "1")));
  EXPECT_EQ(job.access.user, "ada");
  EXPECT_EQ(job.access.password_file, "/etc/optiinfra/secret");
  EXPECT_EQ(job.access.ca_file, "/etc/optiinfra/ca.pem");
  EXPECT_EQ(job.access.certificate_file, "/abs/cert.pem");
  EXPECT_FALSE(job.access.verifies_certificate);
  EXPECT_THAT(job.static_groups.at(0).targets, ElementsAre("10.0.0.1:8000", "host:9000"));
  EXPECT_EQ(job.static_groups[0].labels.at("service"), "chat");
  EXPECT_EQ(job.file_discoveries.at(0).files.at(0), "/etc/optiinfra/targets/*.json");
  EXPECT_EQ(job.file_discoveries[0].refresh_interval, milliseconds(30'000));
  EXPECT_EQ(job.http_discoveries.at(0).url, "http://sd/targets");
  EXPECT_EQ(job.http_discoveries[0].access.token, "s3cret");
  EXPECT_EQ(job.relabel_rules.size(), 2u);
  EXPECT_EQ(job.metric_relabel_rules.at(0).action, RelabelAction::kDrop);
  EXPECT_EQ(job.limits.samples_max, 5000u);
  EXPECT_EQ(job.limits.labels_max, 30u);
  EXPECT_EQ(job.limits.label_name_bytes_max, 100u);
  EXPECT_EQ(job.limits.label_value_bytes_max, exposition::TextLimits{}.label_value_bytes_max)
      << "0 is no limit of its own";
  EXPECT_EQ(job.body_bytes_max, 10u << 20);
  EXPECT_EQ(config->jobs[1].interval, milliseconds(15'000));
  EXPECT_EQ(config->jobs[1].timeout, milliseconds(5'000));
  EXPECT_EQ(config->jobs[1].access.token, "token");
}

TEST(ScrapeConfig, RefusesWhatItDoesNotKnowWithItsLine) {
  EXPECT_THAT(refused_yaml("scrape_configs:\n- job_name: a\n  scrape_intervall: 5s\n"),
              HasSubstr("my.yml: line 3: unknown key 'scrape_intervall' in scrape_configs"));
  EXPECT_THAT(refused_yaml("rule_files: [x]\nscrape_configs: []\n"),
              HasSubstr("line 1: unknown key 'rule_files'"));
  EXPECT_THAT(refused_job("tls_config: {server_name: x}"),
              HasSubstr("line 3: unknown key 'server_name' in tls_config"));
  EXPECT_THAT(refused_job("kubernetes_sd_configs: []"), HasSubstr("unknown key 'kubernetes_sd_configs'"));
  EXPECT_THAT(refused_job("relabel_configs: [{action: hashmod}]"), HasSubstr("unknown action 'hashmod'"));
  EXPECT_THAT(refused_job("relabel_configs: [{regex: '('}]"), HasSubstr("line 3: the regular expression"));
  EXPECT_THAT(refused_job("relabel_configs: [{source_labels: [a]}]"), HasSubstr("needs 'target_label'"));
}

TEST(ScrapeConfig, RefusesWrongValues) {
  EXPECT_THAT(refused_job("scrape_interval: 5"), HasSubstr("line 3: '5' is no duration"));
  EXPECT_THAT(refused_job("scrape_interval: 0s"), HasSubstr("no duration"));
  EXPECT_THAT(refused_job("scrape_interval: 5s\n  scrape_timeout: 6s"),
              HasSubstr("longer than the scrape_interval"));
  EXPECT_THAT(refused_job("scheme: ftp"), HasSubstr("must be http or https"));
  EXPECT_THAT(refused_job("sample_limit: many"), HasSubstr("no limit"));
  EXPECT_THAT(refused_job("body_size_limit: 10XB"), HasSubstr("no size"));
  EXPECT_THAT(refused_job("job_name: b"), HasSubstr("line 3: the key 'job_name' stands twice"));
  EXPECT_THAT(refused_job("authorization: {type: Digest}"), HasSubstr("only Bearer"));
  EXPECT_THAT(refused_job("follow_redirects: maybe"), HasSubstr("true or false"));
  EXPECT_THAT(refused_yaml("scrape_configs: []\n"), HasSubstr("missing or empty"));
  EXPECT_THAT(refused_yaml("- a\n"), HasSubstr("line 1: a map"));
  EXPECT_THAT(refused_yaml("scrape_configs:\n- {job_name: a}\n- {job_name: a}\n"),
              HasSubstr("line 3: two jobs are called 'a'"));
  EXPECT_THAT(refused_yaml("scrape_configs:\n\t- x\n"), HasSubstr("my.yml: line 2: "));
  EXPECT_THAT(refused_yaml(std::string(100'000, '[')), HasSubstr("my.yml: line "));
}

TEST(ScrapeConfig, ShortensTheDefaultTimeoutToTheInterval) {
  const auto config = parse("scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->jobs[0].timeout, milliseconds(1'000));
}

TEST(ScrapeUnits, AreThoseOfPrometheus) {
  EXPECT_EQ(*parse_scrape_duration("1h2m3s4ms"), milliseconds(3'723'004));
  EXPECT_EQ(*parse_scrape_duration("2d"), milliseconds(172'800'000));
  for (const char* const wrong : {"", "s", "1", "1x", "-1s", "99999999999999999999s", "9999y", "1 s"})
    EXPECT_FALSE(parse_scrape_duration(wrong)) << wrong;
  EXPECT_EQ(*parse_scrape_size("2KB"), 2048u);
  EXPECT_EQ(*parse_scrape_size("0"), 0u);
  EXPECT_FALSE(parse_scrape_size("5"));
  EXPECT_FALSE(parse_scrape_size("99999999999GB"));
}

TEST(HttpAccess, ReadsSecretsWhenTheyAreNeeded) {
  const testing::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "secret";
  std::ofstream(file) << "first\n";
  HttpAccess access;
  access.token_file = file;
  FetchRequest request;
  ASSERT_TRUE(access.apply_to(request));
  EXPECT_EQ(request.bearer_token, "first");
  std::ofstream(file) << "second";
  ASSERT_TRUE(access.apply_to(request));
  EXPECT_EQ(request.bearer_token, "second");
  std::filesystem::remove(file);
  EXPECT_EQ(access.apply_to(request).error().kind, ErrorKind::kStorage);
}

}  // namespace
}  // namespace optiinfra::scrape
