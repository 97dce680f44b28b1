// The HTTP API on a real server: what it answers, to whom, and how it meets bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "customers.hpp"
#include "optiinfra/attribution/attribute.hpp"
#include "optiinfra/attribution/budgets.hpp"
#include "optiinfra/attribution/objectives.hpp"
#include "optiinfra/attribution/price_book.hpp"
#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "routes.hpp"

namespace optiinfra::service {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::HttpAnswer;
using testing::HttpCall;
using ::testing::Not;

/// One server with rows of two customers, for all tests.
class Api : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder;
    server_ = new testing::ServerProcess(OPTIINFRA_PROGRAM, folder_->path() / "store");
    ASSERT_TRUE(server_->is_ready()) << server_->failure();
    auto client = Client::open(server_->native_url());
    ASSERT_TRUE(client) << client.error().message;
    const sys_seconds hour = std::chrono::floor<std::chrono::hours>(now()) - std::chrono::hours{2};
    for (const Uuid& customer : {kAda, kBob}) {
      CostMetric cost;
      cost.timestamp = hour;
      cost.customer_id = customer;
      cost.cloud_provider = customer == kAda ? "aws" : "gcp";
      cost.service_name = customer == kAda ? "ec2" : "secret-of-bob";
      cost.cost_per_hour = 2.5;
      ASSERT_TRUE(client->insert(std::vector{cost}));
      PerformanceMetric request;
      request.timestamp = hour;
      request.customer_id = customer;
      request.service_id = customer == kAda ? kService : kBobsService;
      request.model_name = customer == kAda ? "llama" : "model-of-bob";
      request.latency_ms = 100;
      ASSERT_TRUE(client->insert(std::vector{request}));
    }
    const std::vector<NewName> names = {
        {NameKind::kCustomer, "name-of-bob", kBob.to_string()},
        {NameKind::kService, "service-of-bob", kBobsService.to_string(), kBob}};
    ASSERT_TRUE(set_names(*client, names, "test"));
    ASSERT_TRUE(attribution::attribute(*client, {hour, hour + std::chrono::hours{1}}));
    ASSERT_TRUE(attribution::set_prices(*client, {{.sku = "sku-of-bob", .price = 3}}));
    ASSERT_TRUE(attribution::set_budgets(
        *client, {{.name = "budget-of-bob", .scope = "customer", .scope_id = kBob.to_string(), .amount = 7},
                  {.name = "fleet-of-bob", .amount = 9},
                  {.name = "ada", .scope = "customer", .scope_id = kAda.to_string(), .amount = 8}}));
    ASSERT_TRUE(attribution::set_objectives(
        *client,
        {{.name = "objective-of-bob", .scope = "customer", .scope_id = kBob.to_string(), .latency_ms = 7},
         {.name = "service-of-bob", .scope = "service", .scope_id = kBobsService.to_string()},
         {.name = "everybody", .latency_ms = 50}}));
    Tokens tokens(folder_->path() / "store" / "service");
    ada_ = *tokens.create("ada", Scope::kRead, {kAda});
    writer_ = *tokens.create("writer", Scope::kWrite, {});
    reader_ = *tokens.create("reader", Scope::kRead, {});
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static HttpAnswer get(const std::string& target, const std::string& token = {}) {
    HttpCall call{.method = "GET", .target = target};
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return testing::http_call(server_->api_port(), call);
  }
  static HttpAnswer post(const std::string& target, const std::string& body, const std::string& token = {},
                         const std::string& type = "text/plain") {
    HttpCall call{.method = "POST", .target = target, .headers = {{"Content-Type", type}}, .body = body};
    if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
    return testing::http_call(server_->api_port(), call);
  }
  static std::string of_ada(const std::string& path) { return path + "?customer=" + kAda.to_string(); }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline testing::ServerProcess* server_ = nullptr;
  static inline std::string ada_, writer_, reader_;
};

TEST_F(Api, AnswersQuestionsAsTheProgramDoes) {
  const HttpAnswer answer = get(of_ada("/api/v1/query/cost-hourly") + "&hours=4");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const json body = json::parse(answer.body);
  ASSERT_EQ(body["data"].size(), 1u);
  EXPECT_EQ(body["data"][0]["total_cost"], 2.5);
  EXPECT_EQ(body["data"][0]["service_name"], "ec2");
  EXPECT_EQ(body["units"]["total_cost"], "currency");
  EXPECT_EQ(body["coverage"]["cost"]["rows"], 1);
  EXPECT_TRUE(body.contains("window"));
  EXPECT_THAT(answer.header("server-timing"), HasSubstr("store;dur="));
}

TEST_F(Api, AnswersInTheFormatAskedFor) {
  const std::string question =
      "/api/v1/query/metrics?measures=total_cost&by=customer&order=total_cost,customer";
  const HttpAnswer csv = get(question + "&format=csv");
  EXPECT_EQ(csv.body, "customer_id,customer_name,total_cost\n" + kAda.to_string() + ",,2.5\n" +
                          kBob.to_string() + ",name-of-bob,2.5\n");
  EXPECT_THAT(csv.header("optiinfra-window"), HasSubstr("/"));
  const HttpAnswer lines = get(question + "&format=ndjson&limit=1");
  EXPECT_EQ(json::parse(lines.body)["customer_id"], kAda.to_string());
  EXPECT_EQ(lines.header("optiinfra-has-more"), "true");
  EXPECT_EQ(json::parse(get(question + "&limit=1").body)["has_more"], true);
  EXPECT_FALSE(json::parse(get(question + "&limit=2").body).contains("has_more"));
}

TEST_F(Api, ExplainsAChange) {
  const HttpAnswer explained = get("/api/v1/query/explain?hours=4&by=customer&measure=cost_per_request");
  EXPECT_EQ(explained.status, 200) << explained.body;
  EXPECT_EQ(get("/api/v1/query/explain?measure=latency").status, 400);
  EXPECT_EQ(get("/api/v1/query/explain?before_from=now-3h").status, 400);
  EXPECT_EQ(get("/api/v1/query/explain?customer=" + kBob.to_string(), ada_).status, 404);
}

TEST_F(Api, AnswersWhatTokensCost) {
  EXPECT_EQ(get("/api/v1/query/unit-cost?by=customer&hours=4").status, 200);
  EXPECT_EQ(get("/api/v1/query/unit-cost?by=colour").status, 400);
  EXPECT_EQ(get("/api/v1/query/unit-cost?basis=guess").status, 400);
  EXPECT_EQ(get("/api/v1/query/unit-cost?good_score=2").status, 400);
  EXPECT_EQ(get("/api/v1/query/unit-cost?customer=" + kBob.to_string(), ada_).status, 404);
}

TEST_F(Api, ReportsAMonthToWhoMaySeeTheCustomer) {
  const std::string report =
      "/api/v1/reports/customer?month=" + format_time(now() - std::chrono::hours{2}).substr(0, 7);
  const HttpAnswer own = get(report, ada_);
  EXPECT_EQ(own.status, 200) << own.body;
  EXPECT_EQ(own.header("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(own.header("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(own.body, AllOf(HasSubstr(kAda.to_string()), Not(HasSubstr("of-bob"))));
  EXPECT_EQ(get(report + "&customer=" + kBob.to_string(), ada_).status, 404);
  EXPECT_EQ(get(report + "&customer=name-of-bob", ada_).status, 400) << "the name does not exist for Ada";
  EXPECT_THAT(get(report + "&customer=name-of-bob").body, HasSubstr("<title>Cost of name-of-bob"));
  for (const char* format : {"csv", "focus"}) {
    const HttpAnswer csv = get(report + "&format=" + format, ada_);
    EXPECT_EQ(csv.header("content-type"), "text/csv; charset=utf-8");
    EXPECT_THAT(csv.body, Not(HasSubstr(kBob.to_string())));
  }
  EXPECT_EQ(get("/api/v1/reports/customer?month=2026-13").status, 400);
  EXPECT_EQ(get("/api/v1/reports/customer").status, 400);
}

TEST_F(Api, SaysThatAnAnswerIsTheSameAsBefore) {
  const std::string target = of_ada("/api/v1/query/cost-hourly") + "&from=2026-01-01&to=2026-01-02";
  const std::string tag = get(target).header("etag");
  ASSERT_NE(tag, "");
  const HttpAnswer again =
      testing::http_call(server_->api_port(), {.target = target, .headers = {{"If-None-Match", tag}}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
}

TEST_F(Api, ListsWhoIsThere) {
  const json customers = json::parse(get("/api/v1/customers").body)["data"];
  ASSERT_EQ(customers.size(), 2u);
  EXPECT_EQ(json::parse(get(of_ada("/api/v1/services")).body)["data"][0]["service_id"], kService.to_string());
}

TEST_F(Api, RefusesWhatItDoesNotKnowAndSaysWhatToDo) {
  const auto detail = [](const HttpAnswer& answer) {
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
    const json problem = json::parse(answer.body);
    EXPECT_EQ(problem["status"], answer.status);
    return problem["detail"].get<std::string>();
  };
  HttpAnswer answer = get("/api/v1/query/cost-hourly?custmer=x");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(detail(answer), HasSubstr("did you mean 'customer'?"));
  answer = get("/api/v1/query/cost-hourly?customer=x");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(detail(answer), HasSubstr("customer"));
  answer = get("/api/v1/query/cost-hourly?customer=" + Uuid{9, 9}.to_string());
  EXPECT_EQ(answer.status, 404);
  answer = get("/api/v1/query/metrics?measures=total_cst");
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(detail(answer), HasSubstr("total_cost"));
  answer = get("/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(detail(answer), HasSubstr("/openapi.json"));
  answer = testing::http_call(server_->api_port(), {.method = "DELETE", .target = "/healthz"});
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.header("allow"), "GET");
}

TEST_F(Api, RunsSqlThatReadsAlone) {
  HttpAnswer answer =
      post("/api/v1/sql", "SELECT toUInt64(sum(cost_per_hour)) AS sum FROM optiinfra.cost_metrics_ts");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body)["data"][0]["sum"], 5);
  EXPECT_EQ(post("/api/v1/sql?format=csv", "SELECT 1 AS a, 'x' AS b").body, "a,b\n1,x\n");
  for (const char* const sql :
       {"DROP TABLE optiinfra.cost_metrics_ts", "SET readonly = 0",
        "INSERT INTO optiinfra.cost_metrics_ts SELECT * FROM optiinfra.cost_metrics_ts",
        "INSERT INTO optiinfra.cost_metrics_ts SETTINGS readonly = 0 SELECT * FROM optiinfra.cost_metrics_ts",
        "SELECT * FROM url('http://127.0.0.1/x', 'CSV', 'a String')", "", "SELECT"})
    EXPECT_EQ(post("/api/v1/sql", sql).status, 400) << sql;
  EXPECT_EQ(
      post("/api/v1/sql?timeout_s=1", "SELECT count() FROM numbers(1e15) WHERE NOT ignore(sipHash64(number))")
          .status,
      504);
}

TEST_F(Api, CountsRejectedRowsByColumnAndRemembersTheLatestVerify) {
  post("/api/v1/insert/cost", R"([{"cost_per_hour": "x"}, {"a_key_of_the_sender": 1}])", {},
       "application/json");
  EXPECT_EQ(get("/api/v1/verify").status, 200);
  EXPECT_THAT(get("/metrics").body,
              AllOf(HasSubstr("optiinfra_rows_rejected_total{family=\"cost\",column=\"other\"} "),
                    HasSubstr("optiinfra_rows_rejected_total{family=\"cost\",column=\"cost_per_hour\"} "),
                    Not(HasSubstr("a_key_of_the_sender")), HasSubstr("optiinfra_verify_agrees 1\n")));
}

TEST_F(Api, AnswersHeadWithoutABody) {
  testing::HttpConnection connection(server_->api_port());
  const HttpAnswer head = connection.call({.method = "HEAD", .target = "/healthz"});
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("content-length"), "16");
  EXPECT_EQ(connection.call({.target = "/healthz"}).body, "{\"status\":\"ok\"}\n")
      << "the connection goes on";
}

TEST_F(Api, DescribesItself) {
  const json document = json::parse(get("/openapi.json").body);
  EXPECT_EQ(document["openapi"], "3.1.0");
  for (const Route& route : routes()) {
    if (route.tag == kPageTag) continue;
    EXPECT_TRUE(document["paths"].contains(route.path)) << route.path;
    EXPECT_THAT(get("/llms.txt").body, HasSubstr(route.path));
  }
  EXPECT_THAT(get("/metrics").body, AllOf(HasSubstr("optiinfra_store_rows{table=\"cost_metrics_ts\"} "),
                                          HasSubstr("optiinfra_store_parts{table=\"cost_metrics_hourly\"} "),
                                          HasSubstr("\noptiinfra_store_disk_free_bytes ")));
  EXPECT_THAT(get("/metrics").body, AllOf(HasSubstr("optiinfra_store_up 1\n"),
                                          HasSubstr("# TYPE optiinfra_http_request_seconds histogram\n")));
}

/// A request of the route that is right, about what belongs to Bob.
HttpCall call_about_bob(const Route& route) {
  HttpCall call{
      .method = route.method, .target = route.path, .body = route.body ? "SELECT 'secret-of-bob'" : ""};
  std::string values;
  for (const RouteParameter& parameter : route.parameters) {
    if (!parameter.is_required && parameter.name != "customer") continue;
    values += (values.empty() ? "?" : "&") + parameter.name + "=";
    if (parameter.name == "customer") values += kBob.to_string();
    if (parameter.name == "service") values += kBobsService.to_string();
    if (parameter.name == "instance") values += "i-1";
    if (parameter.name == "month") values += format_time(now() - std::chrono::hours{2}).substr(0, 7);
    if (parameter.name == "budget") values += "budget-of-bob";
    if (parameter.name == "objective") values += "objective-of-bob";
    if (parameter.name == "sku") values += "sku-of-bob";
    if (parameter.name == "measures") values += "total_cost,p95_latency&by=customer";
  }
  call.target += values;
  return call;
}

/// Every route, so that a new one cannot be forgotten.
TEST_F(Api, KeepsTokensToTheirScopesAndCustomers) {
  for (const Route& route : routes()) {
    const auto ask = [&](const std::string& token) {
      HttpCall call = call_about_bob(route);
      if (!token.empty()) call.headers.emplace_back("Authorization", "Bearer " + token);
      return testing::http_call(server_->api_port(), call);
    };
    if (route.openness == Openness::kAll) {
      EXPECT_EQ(ask({}).status, 200) << route.path;
      continue;
    }
    const HttpAnswer bound = ask(ada_);
    for (const std::string& secret : {std::string("of-bob"), kBob.to_string(), kBobsService.to_string()})
      EXPECT_THAT(bound.body, Not(HasSubstr(secret))) << route.path;
    if (route.openness == Openness::kSeesAll || route.scope != Scope::kRead) {
      EXPECT_EQ(bound.status, 403) << route.path;
    }
    EXPECT_EQ(ask("oi_00000000_0").status, 401) << route.path;
    const bool is_read = route.scope == Scope::kRead;
    EXPECT_EQ(ask(is_read ? writer_ : reader_).status, 403) << route.path;
  }
}

TEST_F(Api, ShowsABoundTokenItsOwnCustomerAlone) {
  const json customers = json::parse(get("/api/v1/customers", ada_).body)["data"];
  ASSERT_EQ(customers.size(), 1u);
  EXPECT_EQ(customers[0]["customer_id"], kAda.to_string());
  const json models = json::parse(get("/api/v1/models", ada_).body)["data"];
  ASSERT_EQ(models.size(), 1u);
  EXPECT_EQ(models[0]["model_name"], "llama");
  const json costs = json::parse(get("/api/v1/query/metrics?measures=total_cost", ada_).body)["data"];
  EXPECT_EQ(costs[0]["total_cost"], 2.5);
  const std::string by_bob = "/api/v1/query/metrics?measures=total_cost&where=customer%3D";
  EXPECT_EQ(get(by_bob + kBob.to_string(), ada_).status, 404);
  EXPECT_EQ(get(by_bob + kAda.to_string() + "&where=customer%3D" + kBob.to_string(), ada_).status, 404);
  EXPECT_EQ(get(by_bob + kAda.to_string(), ada_).status, 200);
  EXPECT_EQ(
      get("/api/v1/query/metrics?measures=total_cost&where=customer_id%3D" + kBob.to_string(), ada_).status,
      404);
}

TEST_F(Api, KeepsSamplesOfRejectedRowsForThoseThatMaySeeThem) {
  const auto rejected = [](const std::string& token = {}) {
    return json::parse(get("/api/v1/rejected", token).body)["data"];
  };
  const std::string row = R"([{"timestamp": "2026-01-01T00:00:00Z", "customer_id": ")" + kBob.to_string() +
                          R"(", "cloud_provider": "aws", "service_name": "ec2", "cost_per_hour": -77}])";
  ASSERT_EQ(post("/api/v1/insert/cost", row, writer_, "application/json").status, 200);
  const json all = rejected();
  ASSERT_GE(all.size(), 1u);
  EXPECT_EQ(all[0]["path"], "/api/v1/insert/cost");
  EXPECT_EQ(all[0]["column"], "cost_per_hour");
  EXPECT_EQ(all[0]["row"], 0);
  EXPECT_THAT(all[0]["reason"].get<std::string>(), HasSubstr("-77 must be"));
  EXPECT_EQ(rejected(ada_), json::array()) << "a reason holds a value of another customer's row";
}

TEST_F(Api, NamesInstancesThatHaveNoPrice) {
  const std::string hour = format_time(std::chrono::floor<std::chrono::hours>(now()) - std::chrono::hours{2});
  const std::string row = R"([{"timestamp": ")" + hour + R"(", "customer_id": ")" + kAda.to_string() +
                          R"(", "instance_id": "i-without-price", "gpu_utilization": 50}])";
  ASSERT_EQ(post("/api/v1/insert/resource?wait=stored", row, writer_, "application/json").status, 200);
  const json missing = json::parse(get("/api/v1/prices/missing?hours=4").body)["data"];
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0]["instance_id"], "i-without-price");
  EXPECT_EQ(missing[0]["hours"], 1);
}

TEST_F(Api, ShowsABoundTokenItsOwnMoneyAlone) {
  for (const char* target :
       {"/api/v1/query/budgets", "/api/v1/query/forecast?by=customer", "/api/v1/query/slo",
        "/api/v1/query/explain?hours=4&by=customer,service", "/api/v1/query/self-host?by=service",
        "/api/v1/query/unit-cost?by=service&hours=4", "/api/v1/budgets", "/api/v1/objectives",
        "/api/v1/rates"}) {
    const HttpAnswer answer = get(target, ada_);
    EXPECT_EQ(answer.status, 200) << target << answer.body;
    for (const std::string& secret : {std::string("of-bob"), kBob.to_string(), kBobsService.to_string()})
      EXPECT_THAT(answer.body, Not(HasSubstr(secret))) << target;
  }
  for (const char* question : {"budgets", "forecast", "explain", "slo", "self-host"})
    EXPECT_EQ(get(std::string("/api/v1/query/") + question + "?customer=" + kBob.to_string(), ada_).status,
              404)
        << question;
  EXPECT_EQ(get("/api/v1/prices", ada_).status, 403) << "what a machine costs is not hers to know";
  const json budgets = json::parse(get("/api/v1/query/budgets", ada_).body)["data"];
  ASSERT_EQ(budgets.size(), 1u);
  EXPECT_EQ(budgets[0]["budget"], "ada");
  const json objectives = json::parse(get("/api/v1/query/slo?hours=4", ada_).body)["data"];
  ASSERT_EQ(objectives.size(), 1u);
  EXPECT_EQ(objectives[0]["objective_name"], "everybody");
  EXPECT_EQ(objectives[0]["requests"], 1);
  const HttpAnswer of_bob = get("/api/v1/query/slo?objective_name=objective-of-bob", ada_);
  EXPECT_EQ(of_bob.status, get("/api/v1/query/slo?objective_name=nobodys", ada_).status) << of_bob.body;
  EXPECT_EQ(of_bob.status, 400);
  EXPECT_EQ(json::parse(get("/api/v1/query/slo?hours=4").body)["data"].size(), 3u);
}

TEST_F(Api, TakesWhatPeopleStateAboutMoney) {
  const auto remove = [&](const std::string& target) {
    return testing::http_call(server_->api_port(), {.method = "DELETE", .target = target}).status;
  };
  const auto count = [&](const std::string& list) {
    return json::parse(get("/api/v1/" + list).body)["data"].size();
  };
  HttpAnswer answer =
      post("/api/v1/prices",
           R"([{"sku": "a", "unit": "hour", "price": 2.5}, {"sku": "b", "unit": "hour", "price": "3"}])", {},
           "application/json");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(json::parse(answer.body), json({{"prices", 2}, {"changed", 2}}));
  EXPECT_EQ(
      json::parse(post("/api/v1/prices", "sku,unit,price\na,hour,2.5\n", {}, "text/csv").body)["changed"], 0);
  EXPECT_EQ(count("prices"), 3u);
  EXPECT_EQ(count("prices?sku=a"), 1u);
  EXPECT_EQ(remove("/api/v1/prices?sku=a"), 200);
  EXPECT_EQ(remove("/api/v1/prices?sku=a"), 400) << "it is gone";
  answer = post("/api/v1/budgets",
                R"({"budget": "bobs", "amount": 5, "scope": "customer", "scope_id": "name-of-bob"})", {},
                "application/json");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(get("/api/v1/budgets").body, HasSubstr(kBob.to_string()));
  EXPECT_EQ(remove("/api/v1/budgets?budget=bobs"), 200);
  // What is listed can be set again.
  const std::string objectives = json::parse(get("/api/v1/objectives").body)["data"].dump();
  answer = post("/api/v1/objectives", objectives, {}, "application/json");
  EXPECT_EQ(json::parse(answer.body), json({{"objectives", 3}, {"changed", 0}})) << answer.body;
  answer = post("/api/v1/rates", "Date,USD,\n2026-11-06,1.08,\n", {}, "text/csv");
  EXPECT_EQ(json::parse(answer.body)["rates"], 1) << answer.body;
  EXPECT_EQ(count("rates?currency=USD"), 1u);
  EXPECT_EQ(count("rates?currency=CHF"), 0u);
  EXPECT_EQ(remove("/api/v1/rates?currency=EUR&to=USD&day=2026-11-06"), 200);
  for (const char* wrong : {"[{\"sku\": \"a\"}]", "[{\"sku\": \"a\", \"unit\": \"hour\", \"price\": -1}]",
                            "[{\"skuu\": \"a\"}]", "[1]", "{", "[{\"sku\": {}}]"})
    EXPECT_EQ(post("/api/v1/prices", wrong, {}, "application/json").status, 400) << wrong;
  EXPECT_EQ(count("prices"), 2u);
  EXPECT_EQ(remove("/api/v1/prices?sku=b"), 200);
}

TEST_F(Api, RefusesPagesOfOtherOrigins) {
  const auto status = [](const char* name, const char* value) {
    return testing::http_call(server_->api_port(),
                              {.target = "/api/v1/customers", .headers = {{name, value}}})
        .status;
  };
  EXPECT_EQ(status("Host", "evil.example"), 421);
  EXPECT_EQ(status("Origin", "http://evil.example"), 403);
  EXPECT_EQ(get("/api/v1/customers").header("access-control-allow-origin"), "");
}

}  // namespace
}  // namespace optiinfra::service
