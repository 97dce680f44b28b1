// The page as HTTP: how its files are served, and what of the API is there for it. tests/page has it in a
// browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "customers.hpp"
#include "decompress.hpp"
#include "optiinfra/report/grafana.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpCall;

class Page : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, folder_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static HttpAnswer call(HttpCall call) { return testing::http_call(server_->api_port(), call); }
  static HttpAnswer get(const std::string& target) { return call({.target = target}); }

  static testing::TemporaryFolder* folder_;
  static testing::ServerProcess* server_;
};

testing::TemporaryFolder* Page::folder_ = nullptr;
testing::ServerProcess* Page::server_ = nullptr;

TEST_F(Page, IsServedAtTheRootWhateverItsAddressSays) {
  const HttpAnswer page = get("/?page=customers&from=now-7d");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("default-src 'none'; script-src 'self'"));
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(page.header("cache-control"), "no-cache");
  EXPECT_THAT(page.body, HasSubstr("OptiInfra"));
  EXPECT_EQ(call({.method = "POST"}).status, 405);
}

TEST_F(Page, IsSentCompressedToThoseThatTakeIt) {
  const HttpAnswer plain = get("/");
  const HttpAnswer small = call({.headers = {{"Accept-Encoding", "gzip, deflate, br"}}});
  EXPECT_EQ(small.header("content-encoding"), "gzip");
  EXPECT_EQ(small.header("vary"), "Accept-Encoding");
  EXPECT_EQ(*decompressed(small.body, "gzip", 1 << 20), plain.body);
  EXPECT_NE(small.header("etag"), plain.header("etag"));
  const HttpAnswer same =
      call({.headers = {{"Accept-Encoding", "gzip"}, {"If-None-Match", small.header("etag")}}});
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
}

/// Without its modules a program has no page, which its start page says.
TEST_F(Page, NamesOnlyFilesThatAreThere) {
  const std::string start = get("/").body;
  const std::regex file("\"(/page/[^\"]+)\"");
  std::size_t files = 0;
  for (std::sregex_iterator it(start.begin(), start.end(), file), last; it != last; ++it, ++files) {
    const HttpAnswer answer = get((*it)[1]);
    EXPECT_EQ(answer.status, 200) << (*it)[1];
    EXPECT_THAT(answer.header("cache-control"), HasSubstr("immutable"));
  }
  if (files == 0) {
    EXPECT_THAT(start, HasSubstr("built without its page"));
  }
  EXPECT_EQ(get("/page/0000000000000000/src/application.js").status, 404);
}

TEST_F(Page, OpensFromALinkOfAnotherSiteAndNothingElseDoes) {
  const std::vector<std::pair<std::string, std::string>> followed = {
      {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}};
  auto framed = followed;
  framed.back().second = "iframe";
  EXPECT_EQ(call({.headers = followed}).status, 200);
  EXPECT_EQ(call({.headers = framed}).status, 403);
  EXPECT_EQ(call({.target = "/api/v1/customers", .headers = followed}).status, 403);
  EXPECT_EQ(call({.headers = {{"Sec-Fetch-Site", "cross-site"}}}).status, 403);
  EXPECT_EQ(call({.headers = {{"Host", "evil.example"}}}).status, 421);
}

TEST_F(Page, CountsItsFilesUnderOneName) {
  get("/");
  EXPECT_THAT(get("/metrics").body, HasSubstr("optiinfra_http_requests_total{route=\"/\",status=\"200\"}"));
}

TEST_F(Page, LearnsWhoAsksAndWhatThatMay) {
  const json local = json::parse(get("/api/v1/me").body);
  EXPECT_EQ(local["scope"], "admin");
  EXPECT_TRUE(local["customers"].is_null());
  EXPECT_TRUE(local["may_sql"]);
  Tokens tokens(folder_->path() / "store" / "service");
  const std::string token = *tokens.create("ada", Scope::kRead, {kAda});
  const json ada =
      json::parse(call({.target = "/api/v1/me", .headers = {{"Authorization", "Bearer " + token}}}).body);
  EXPECT_EQ(ada["scope"], "read");
  EXPECT_EQ(ada["customers"], json::array({kAda.to_string()}));
  EXPECT_FALSE(ada["may_sql"]);
}

TEST_F(Page, LearnsTheFormulaOfEveryMeasure) {
  const json catalogue = json::parse(get("/api/v1/catalogue").body);
  for (const json& measure : catalogue["measures"]) EXPECT_NE(measure["formula"], "") << measure["name"];
}

/// On a store of its own, because what it makes stays.
class GeneratedFleet : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, *folder_ / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    filled_ = new HttpAnswer(fill());
    ASSERT_EQ(filled_->status, 200) << filled_->body;
  }
  static void TearDownTestSuite() {
    delete filled_;
    delete server_;
    delete folder_;
  }

  static HttpAnswer fill() {
    return testing::http_call(server_->api_port(), {.method = "POST", .target = "/api/v1/generated-fleet"});
  }
  static HttpAnswer ask(const std::string& target) {
    return testing::http_call(server_->api_port(), {.target = target});
  }

  /// How many rows a panel's statement gives; what Grafana puts in place of its macros is ours.
  static std::ptrdiff_t rows_of(std::string sql, const std::string& customers) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (std::size_t at = sql.find(from); at != std::string::npos; at = sql.find(from, at + to.size()))
        sql.replace(at, from.size(), to);
    };
    replace("$__timeFilter(r.hour)", "r.hour >= now() - INTERVAL 9 DAY AND r.hour <= now()");
    replace("$__conditionalAll(", "(");
    replace(", $customer)", ")");
    replace("${customer:singlequote}", customers);
    EXPECT_EQ(sql.find('$'), std::string::npos) << sql;
    const HttpAnswer answer = testing::http_call(
        server_->api_port(), {.method = "POST", .target = "/api/v1/sql?format=ndjson", .body = sql});
    EXPECT_EQ(answer.status, 200) << answer.body << sql;
    return std::ranges::count(answer.body, '\n');
  }

  static testing::TemporaryFolder* folder_;
  static testing::ServerProcess* server_;
  static HttpAnswer* filled_;
};

testing::TemporaryFolder* GeneratedFleet::folder_ = nullptr;
testing::ServerProcess* GeneratedFleet::server_ = nullptr;
HttpAnswer* GeneratedFleet::filled_ = nullptr;

TEST_F(GeneratedFleet, FillsAStoreThatHasNoRowsOnce) {
  EXPECT_EQ(json::parse(filled_->body)["rows"], 200'000);
  EXPECT_EQ(fill().status, 409);
  const HttpAnswer unit_cost = ask("/api/v1/query/unit-cost?from=now-24h&to=now");
  const json costs = json::parse(unit_cost.body)["data"];
  const auto priced =
      std::find_if(costs.begin(), costs.end(), [](const json& row) { return row["currency"] == "USD"; });
  ASSERT_NE(priced, costs.end()) << unit_cost.body;
  EXPECT_GT((*priced)["cost_per_million_tokens"], 0) << unit_cost.body;
  // The GPUs of an instance, one by one.
  const std::string of_gpus = "/api/v1/query/metrics?measures=resource.avg_gpu_util&from=now-24h&to=now";
  const json gpus = json::parse(ask(of_gpus + "&by=gpu_index").body)["data"];
  ASSERT_GT(gpus.size(), 1u);
  const json first = json::parse(ask(of_gpus + "&by=gpu_index&where=gpu_index%3D0").body)["data"];
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0], gpus[0]);
  EXPECT_THAT(ask(of_gpus + "&where=gpu_index%3D256").body, HasSubstr("no whole number from 0 to 255"));
}

TEST_F(GeneratedFleet, FillsEveryPanelOfTheDashboardsForGrafana) {
  const json customers = json::parse(ask("/api/v1/customers").body)["data"];
  std::string ids;
  for (const json& each : customers)
    ids += (ids.empty() ? "'" : ",'") + each["customer_id"].get<std::string>() + "'";
  const std::string nobody = "'" + kAda.to_string() + "'";
  for (const Family family : kFamilies) {
    const json dashboard = json::parse(report::grafana_dashboard(family, "optiinfra"));
    for (const json& panel : dashboard["panels"]) {
      const std::string sql = panel["targets"][0]["rawSql"];
      EXPECT_GT(rows_of(sql, ids), 0) << dashboard["title"] << ": " << panel["title"];
    }
    EXPECT_EQ(rows_of(dashboard["panels"][0]["targets"][0]["rawSql"], nobody), 0) << "the customer's alone";
    const std::string variable = dashboard["templating"]["list"][1]["query"];
    EXPECT_GT(rows_of(variable, ids), 0) << variable;
  }
}

/// The fleet's customers pay more dollars than this one pays euros, and money of two currencies has no order.
TEST_F(GeneratedFleet, ShowsEachCurrencyInTheDashboardsForGrafana) {
  const json cost = {{{"timestamp", format_time(now() - std::chrono::hours{2})},
                      {"customer_id", kBob.to_string()},
                      {"cloud_provider", "aws"},
                      {"service_name", "ec2"},
                      {"cost_per_hour", 0.01},
                      {"currency", "EUR"}}};
  const HttpAnswer inserted =
      testing::http_call(server_->api_port(), {.method = "POST",
                                               .target = "/api/v1/insert/cost?wait=stored",
                                               .headers = {{"Content-Type", "application/json"}},
                                               .body = cost.dump()});
  ASSERT_EQ(json::parse(inserted.body)["accepted"], 1) << inserted.body;
  const json customers = json::parse(ask("/api/v1/customers").body)["data"];
  std::string ids;
  for (const json& each : customers)
    ids += (ids.empty() ? "'" : ",'") + each["customer_id"].get<std::string>() + "'";
  const json dashboard = json::parse(report::grafana_dashboard(Family::kCost, "optiinfra"));
  for (const json& panel : dashboard["panels"]) {
    const std::string sql = panel["targets"][0]["rawSql"];
    if (sql.find("currency") == std::string::npos) continue;
    EXPECT_EQ(rows_of("SELECT * FROM (" + sql + ") WHERE currency = 'EUR'", ids), 1) << panel["title"];
  }
}

}  // namespace
}  // namespace optiinfra::service
